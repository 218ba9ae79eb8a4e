"""What may start the agent: one URL with one ticket, or one ticket typed by hand."""

import hashlib
import re
from typing import NoReturn, final

from hsm.agent.errors import AgentCode, AgentError

HANDLED = re.compile(r"khatam://(ceremony|login)/([A-Za-z0-9_-]{43})", re.ASCII)
TICKET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@final
class Ticket:
    """A ticket, masked in every printed form."""

    __slots__ = ("_characters",)

    def __init__(self, characters: str) -> None:
        if not TICKET.fullmatch(characters):
            raise AgentError(AgentCode.ARGUMENT, what="A ticket is 43 characters of base64url")
        self._characters = characters

    def reveal(self) -> str:
        """The characters, for the one request that redeems them."""
        return self._characters

    @property
    def sha256(self) -> str:
        """SHA-256 in hexadecimal: what manifests and the spool name it by."""
        return hashlib.sha256(self._characters.encode("ascii")).hexdigest()

    def __repr__(self) -> str:
        return "Ticket(****)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ticket does not leave its process")


def read_url(url: str) -> Ticket:
    """The ticket of a `khatam://ceremony/…` URL.

    :raise AgentError: anything that is not exactly one of the two forms, and `login`, which is not there yet.
    """
    # THREAT: a page starts the agent with more than a ticket: options, another server, a path.
    # DEFENCE: one argument, matched whole; the server's address comes from this PC's own configuration.
    # TEST: tests/hsm/agent/service/test_addresses.py::test_anything_else_is_refused
    # THREAT: the ticket stands on this program's command line, where a second local user reads it while it runs.
    # DEFENCE: it lives five minutes, and is redeemed with this program's own key before a device is looked for or
    #   anybody asked: from then on it opens nothing, and a second key closes the ceremony with an alarm. It is not
    #   hidden: Python cannot overwrite its arguments, and who may list processes is the system's to say (hidepid).
    # TEST: tests/hsm/agent/signing/test_ceremony.py::test_ticket_is_redeemed_first_and_then_opens_nothing
    found = HANDLED.fullmatch(url)
    if found is None:
        raise AgentError(AgentCode.ARGUMENT, what="The address is not khatam://ceremony/ and a ticket")
    if found[1] != "ceremony":
        raise AgentError(AgentCode.ARGUMENT, what="This agent cannot sign in yet")
    return Ticket(found[2])
