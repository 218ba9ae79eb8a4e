"""What the room refuses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pki.quota.errors import QuotaError


class AlertUnknown(QuotaError):
    """No alert of that id."""

    def __init__(self, alert: UUID) -> None:
        super().__init__(f"There is no alert {alert}. Nothing was recorded.")
        self.alert = alert


class AlertClosed(QuotaError):
    """What it told of is over."""

    def __init__(self, alert: UUID) -> None:
        super().__init__(f"The alert {alert} is closed: what it told of is over. Nothing was recorded.")
        self.alert = alert


class SnoozeRefused(QuotaError):
    """Not a day on which it may begin to speak again."""

    def __init__(self, until: date, latest: date) -> None:
        super().__init__(f"An alert sleeps until a day after today, {latest} at the latest; not until {until}.")
        self.until = until
        self.latest = latest
