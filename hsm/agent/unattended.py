"""Consent without a person, for demonstrations and tests: one module, which the production package leaves out."""

from .consent import EnrolmentRequest, Interruption, SigningRequest, Yes
from .errors import AgentCode, AgentError
from .terminal import LANGUAGE, wait_for


class Unattended:
    """Says yes in a rehearsal, and only there. Opens nothing, waits `wait_seconds` for what a person would mend."""

    # THREAT: a program signs in an officer's name while nobody looks.
    # DEFENCE: the only consent without a person refuses whatever the service did not itself mark as a rehearsal.
    # TEST: tests/hsm/agent/test_consent.py::test_unattended_refuses_production

    def __init__(self, *, wait_seconds: float = 0.0) -> None:
        self._wait_seconds = wait_seconds

    def to_sign(self, request: SigningRequest) -> Yes:
        _require_rehearsal(request.environment)
        return Yes(opened=frozenset(), count=len(request.documents), language=LANGUAGE)

    def to_pin_entries(self, count: int) -> int:
        return count

    def to_last_try(self, device: str) -> None:
        del device
        raise AgentError(AgentCode.PIN_LAST_TRY)

    def to_enrol(self, request: EnrolmentRequest) -> None:
        _require_rehearsal(request.environment)

    def to_wait(self, interruption: Interruption) -> None:
        wait_for(interruption, self._wait_seconds)

    def stop_wanted(self) -> bool:
        return False


def _require_rehearsal(environment: str) -> None:
    if environment != "rehearsal":
        raise AgentError(AgentCode.ENVIRONMENT, environment=environment)
