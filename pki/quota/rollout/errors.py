"""What the room refuses. Nothing was recorded."""

from __future__ import annotations

from uuid import UUID

from pki.quota.errors import QuotaError


class RolloutError(QuotaError):
    """A refusal of the room."""


class CommitteeExists(RolloutError):
    """A territory has one committee."""

    def __init__(self, territory: str) -> None:
        super().__init__(
            f"The committee of {territory} is on record. Nothing was recorded: name its members, or strike it first."
        )
        self.territory = territory


class RolloutTerritoryUnknown(RolloutError):
    """No such territory at that level."""

    def __init__(self, level: str, territory: str) -> None:
        super().__init__(f"There is no territory {territory} of the level {level}. Nothing was recorded.")
        self.level = level
        self.territory = territory


class RolloutRecordUnknown(RolloutError):
    """No current record of that kind and id."""

    def __init__(self, kind: str, number: UUID) -> None:
        super().__init__(f"There is no current {kind} {number}. Nothing was recorded.")
        self.kind = kind
        self.number = number


class RolloutRecordInUse(RolloutError):
    """Other current records rest on it."""

    def __init__(self, kind: str, number: UUID) -> None:
        super().__init__(
            f"Current records rest on the {kind} {number}. Nothing was struck: strike those first, if wrong."
        )
        self.kind = kind
        self.number = number


class RolloutDatesRefused(RolloutError):
    """Dates that cannot be."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The date is refused: {reason}. Nothing was recorded.")
        self.reason = reason


class PersonRefused(RolloutError):
    """A person is a holder on record or a plain name, and exactly one of the two."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The person is refused: {reason}. Nothing was recorded.")
        self.reason = reason


class BodyNotRolledOut(RolloutError):
    """What is recorded here is not recorded of that body."""

    def __init__(self, body_code: str, reason: str) -> None:
        super().__init__(f"This is not recorded of the body {body_code}: {reason}. Nothing was recorded.")
        self.body_code = body_code
        self.reason = reason


class MonthRefused(RolloutError):
    """A month of no report."""

    def __init__(self, month: str, reason: str) -> None:
        super().__init__(f"There is no report of {month}: {reason}. Nothing was made.")
        self.month = month
        self.reason = reason


class ReportUnknown(RolloutError):
    """No such report, or not yet sealed."""

    def __init__(self, number: UUID) -> None:
        super().__init__(f"There is no sealed report {number}. Nothing was done.")
        self.number = number
