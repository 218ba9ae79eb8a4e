"""Consent without a person, for demonstrations and tests: one module, which the production package leaves out."""

from .consent import EnrolmentRequest, SigningRequest
from .errors import AgentCode, AgentError


class Unattended:
    """Says yes in a rehearsal, and only there."""

    # THREAT: a program signs in an officer's name while nobody looks.
    # DEFENCE: the only consent without a person refuses whatever the service did not itself mark as a rehearsal.
    # TEST: tests/hsm/agent/test_consent.py::test_unattended_refuses_production

    def to_sign(self, request: SigningRequest) -> None:
        _require_rehearsal(request.environment)

    def to_pin_entries(self, count: int) -> None:
        del count

    def to_last_try(self, device: str) -> None:
        del device
        raise AgentError(AgentCode.PIN_LAST_TRY)

    def to_enrol(self, request: EnrolmentRequest) -> None:
        _require_rehearsal(request.environment)


def _require_rehearsal(environment: str) -> None:
    if environment != "rehearsal":
        raise AgentError(AgentCode.ENVIRONMENT, environment=environment)
