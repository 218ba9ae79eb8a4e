"""What an installation sets about its quotas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPolicy:
    """Numbers that decide who must agree."""

    four_eyes_above: int = 5
    """Transfers and extras of more seats than this need a second officer above both sides. 0: all of them do."""
    counted_together: timedelta = timedelta(days=30)
    """Extras of one body that are approved within so long count as one; seats that a body gives, or receives, alike."""
    loss_told_alone: timedelta = timedelta(days=30)
    """So far back an officer below the centre may say that a key was lost: what it signed since is in doubt."""

    def needs_above(self, seats: int) -> bool:
        """Whether so many seats need an officer above both sides: two bodies, or a body and its agreement."""
        return seats > self.four_eyes_above
