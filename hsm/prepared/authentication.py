"""What an authentication key signs: never a document, never bytes of a caller's choice."""

from datetime import UTC, datetime
from enum import StrEnum

from .instants import written

PREFIX = b"khatam-auth-v1"


class Purpose(StrEnum):
    """What an authentication is for; one message never serves two purposes."""

    LOGIN = "login"
    ENROLMENT = "enrolment"
    RECEIPT = "receipt"
    PIN_SET = "pin-set"
    """The holder has set a new PIN and uses his device again."""
    FIRST_SETUP = "first-setup"
    """A test of this PC and this device by themselves: it is sent nowhere."""


def authentication_message(purpose: str, origin: str, server_nonce: str, agent_nonce: str, at: datetime) -> bytes:
    """Return the message: `khatam-auth-v1`, then each part with its length in four bytes before it.

    :param origin: the server's origin, from the agent's own configuration.
    :param at: aware; written in UTC, to the second.
    """
    # THREAT: a server makes an authentication key sign a hash that is a contract's or a CMS's.
    # DEFENCE: the message starts with a text of our own and its parts are length-prefixed; no door takes bytes to sign.
    # TEST: tests/hsm/prepared/test_authentication.py::test_no_two_inputs_share_a_message
    parts = (Purpose(purpose).value, origin, server_nonce, agent_nonce, written(at.astimezone(UTC)))
    message = PREFIX
    for part in parts:
        encoded = part.encode()
        message += len(encoded).to_bytes(4, "big") + encoded
    return message
