"""What the room refuses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pki.quota.errors import QuotaError


class ElectionError(QuotaError):
    """A refusal of the room. Nothing was recorded."""


class PlanExists(ElectionError):
    """The label names another plan."""

    def __init__(self, label: str, plan: UUID) -> None:
        super().__init__(f"A plan is called {label} already. Nothing was recorded: go on with that one.")
        self.label = label
        self.plan = plan


class PlanUnknown(ElectionError):
    """No plan of that id or label."""

    def __init__(self, plan: UUID | str) -> None:
        super().__init__(f"No election plan is called {plan}. Nothing was done.")
        self.plan = plan


class CouncilMissing(ElectionError):
    """A body without an elected council."""

    def __init__(self, body_code: str) -> None:
        super().__init__(f"The body {body_code} has no elected council. Nothing was recorded.")
        self.body_code = body_code


class CouncilAlreadyFrozen(ElectionError):
    """A council is frozen once."""

    def __init__(self, body_code: str, frozen_on: date) -> None:
        super().__init__(
            f"The council of {body_code} is frozen already: its offices ended on {frozen_on}. Nothing was recorded."
        )
        self.body_code = body_code
        self.frozen_on = frozen_on


class CouncilNotFrozen(ElectionError):
    """The outgoing council has not ended."""

    def __init__(self, body_code: str) -> None:
        super().__init__(
            f"The outgoing council of {body_code} is not frozen. Nothing was recorded: record its end first."
        )
        self.body_code = body_code


class CouncilAlreadySeated(ElectionError):
    """A council is seated once."""

    def __init__(self, body_code: str) -> None:
        super().__init__(f"The new council of {body_code} is seated already. Nothing was recorded again.")
        self.body_code = body_code


class OfficialsMissing(ElectionError):
    """The list names no president for this council."""

    def __init__(self, body_code: str) -> None:
        super().__init__(f"The list names no president of {body_code}. Nothing was recorded: import him first.")
        self.body_code = body_code


class ElectionDayRefused(ElectionError):
    """A day on which that council cannot have been elected, or cannot end."""

    def __init__(self, body_code: str, elected_on: date, reason: str) -> None:
        super().__init__(f"{elected_on} cannot stand for the council of {body_code}: {reason}. Nothing was recorded.")
        self.body_code = body_code
        self.elected_on = elected_on
        self.reason = reason
