"""When each stage is played: from the installation's first instant on, so that every certificate's chain is valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pki.records import civil_day, day_start

_MORNING = timedelta(hours=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Days after the beginning; each act of a stage happens at that day's ten o'clock in Morocco."""

    begins: datetime

    def at(self, days: int) -> datetime:
        """Ten in the morning, so many days after the beginning (1 or more)."""
        return day_start(civil_day(self.begins) + timedelta(days=days)) + _MORNING

    def day(self, days: int) -> date:
        """That civil day."""
        return civil_day(self.at(days))
