"""A part of the country, as a condition on bodies: what an officer may see, what a report speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The whole country, or one region, one province, one body: at most one is named."""

    region_code: str | None = None
    province_code: str | None = None
    body_code: str | None = None

    def __post_init__(self) -> None:
        if sum(code is not None for code in (self.region_code, self.province_code, self.body_code)) > 1:
            raise ValueError("an extent names one territory at most")

    @property
    def code(self) -> str | None:
        """The code of what is named; None: everything."""
        return self.region_code or self.province_code or self.body_code

    @property
    def everywhere(self) -> bool:
        """Whether it has no bound at all; then, and only then, what belongs to no body is inside too."""
        return self.code is None

    def bodies(self) -> ColumnElement[bool]:
        """The condition that a row of `Body` lies inside; a body of no province lies in the whole country only."""
        if self.region_code is not None:
            return Body.region_code == self.region_code
        if self.province_code is not None:
            return Body.province_code == self.province_code
        if self.body_code is not None:
            return Body.code == self.body_code
        return true()


EVERYWHERE = Extent()
