"""Acts whose effect lies before the day they are recorded: when they need a second officer.

What a register says of the past is what signatures of the past are judged by. So an end, a revocation, a finding or a
declaration with an effect before today needs two officers, and so does an office where the register of the body was
declared complete for that time, or that takes the place of another record. The first loading of a body's offices,
before its register is declared complete, needs one: until then the register says that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import civil_day
from pki.registration.errors import SecondOfficerNeeded
from pki.registration.tables import RegisterDeclaration


@dataclass(frozen=True, slots=True, kw_only=True)
class Retroactivity:
    """How far back one officer's act may reach."""

    tolerance_days: int = 0
    """Civil days. 0: today is not retroactive, yesterday is."""

    def __post_init__(self) -> None:
        if self.tolerance_days < 0:
            raise ValueError("a tolerance is not negative")

    def reaches_back(self, day: date, *, at: datetime) -> bool:
        """Whether an effect from that civil day on lies before what one officer may do at `at`."""
        return day < civil_day(at) - timedelta(days=self.tolerance_days)

    def refuse(self, day: date, *, at: datetime) -> None:
        """Refuse an effect from that day on by one officer.

        :raise SecondOfficerNeeded: it reaches back.
        """
        # THREAT: one officer, pressed or bought, backdates the end of an office and casts doubt on licences.
        # DEFENCE: what reaches back is proposed by one and confirmed by another over a digest that names each document.
        # TEST: tests/pki/registration/test_proposals.py::test_one_officer_does_not_reach_back
        if self.reaches_back(day, at=at):
            raise SecondOfficerNeeded(day)

    def refuse_office(self, session: Session, body: UUID, day: date, *, corrects: bool, at: datetime) -> None:
        """Refuse an office from that day on by one officer, unless the register of that time is still being loaded.

        :raise SecondOfficerNeeded: it reaches back into what was declared complete, or corrects another record.
        """
        if not self.reaches_back(day, at=at):
            return
        sworn = select(RegisterDeclaration.id).where(
            RegisterDeclaration.body_id == body,
            RegisterDeclaration.complete_from < civil_day(at),
            RegisterDeclaration.withdrawn_at.is_(None),
        )
        if corrects or session.scalar(sworn.limit(1)) is not None:
            raise SecondOfficerNeeded(day)


STRICT = Retroactivity()
