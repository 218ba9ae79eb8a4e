"""What can stop the agent: a code for programs, a sentence for people, a number for the help desk, and whether
running it again can help.
"""

from .codes import HELP_DESK, AgentCode, HelpDesk
from .sentences import SENTENCES

__all__ = ["EXIT_CODES", "HELP_DESK", "RESUMABLE_CODES", "SENTENCES", "AgentCode", "AgentError", "HelpDesk"]

REFUSED, DEVICE, SERVER, RESUMABLE = 3, 4, 5, 6
EXIT_CODES: dict[AgentCode, int] = {
    AgentCode.UNEXPECTED: 1,
    **dict.fromkeys((AgentCode.ARGUMENT, AgentCode.URL_SCHEME, AgentCode.WINDOW, AgentCode.CONFIGURATION), 2),
    **dict.fromkeys(
        (
            *(AgentCode.ENVIRONMENT, AgentCode.CONSENT, AgentCode.MANIFEST, AgentCode.DOCUMENT, AgentCode.CERTIFICATE),
            *(AgentCode.TICKET, AgentCode.SESSION_ENDED, AgentCode.SERVER_REFUSED, AgentCode.SERVER_ANSWER),
            *(AgentCode.SPOOL, AgentCode.BUSY, AgentCode.ITEMS, AgentCode.CORE_DUMPS, AgentCode.CLOCK),
            *(AgentCode.AGENT_TOO_OLD, AgentCode.ANCHOR, AgentCode.OFFICE_ENDED, AgentCode.NOT_ENTITLED),
            AgentCode.KEY_UNUSABLE,
            *(AgentCode.KEY_BLOCKED, AgentCode.KEY_REVOKED, AgentCode.NOT_A_SIGNATURE_CERTIFICATE),
            *(AgentCode.CERTIFICATE_EXPIRED, AgentCode.CERTIFICATE_NOT_YET),
            *(AgentCode.STATION, AgentCode.ROAD, AgentCode.RELEASE_KEY, AgentCode.NO_PAIR),
        ),
        REFUSED,
    ),
    **dict.fromkeys(
        (
            *(AgentCode.READER, AgentCode.DRIVER, AgentCode.DRIVER_ARCHITECTURE, AgentCode.DRIVER_CRASHED),
            *(AgentCode.DEVICE_ABSENT, AgentCode.OTHER_DEVICE, AgentCode.SEVERAL_DEVICES, AgentCode.DEVICE),
            *(AgentCode.KEY, AgentCode.MECHANISM, AgentCode.NO_CERTIFICATE, AgentCode.VALUE),
            *(AgentCode.PIN_WRONG, AgentCode.PIN_LAST_TRY, AgentCode.PIN_LOCKED, AgentCode.PIN_TO_BE_CHANGED),
            *(AgentCode.PIN_FILE, AgentCode.PIN_NEEDED, AgentCode.PIN_HELD),
            *(AgentCode.PIN_RULE, AgentCode.PIN_UNSET, AgentCode.UNLOCK_REFUSED, AgentCode.DEFAULT_SECRET),
            *(AgentCode.NOT_EMPTY, AgentCode.NO_EMPTY, AgentCode.NOT_WIPED, AgentCode.OTHER_SERIAL),
            AgentCode.NOT_OF_ORDER,
        ),
        DEVICE,
    ),
    **dict.fromkeys((AgentCode.SERVER_UNREACHABLE, AgentCode.SERVER_FAILED), SERVER),
    **dict.fromkeys(
        (
            *(AgentCode.DEVICE_REMOVED, AgentCode.DEVICE_TIMEOUT, AgentCode.LAPSED, AgentCode.APPROVAL),
            *(AgentCode.STOPPED, AgentCode.HALF_MADE),
        ),
        RESUMABLE,
    ),
}
RESUMABLE_CODES = frozenset(code for code, status in EXIT_CODES.items() if status in (SERVER, RESUMABLE)) | {
    *(AgentCode.PIN_WRONG, AgentCode.PIN_LAST_TRY, AgentCode.PIN_FILE, AgentCode.PIN_TO_BE_CHANGED),
    *(AgentCode.DEVICE_ABSENT, AgentCode.OTHER_DEVICE, AgentCode.SEVERAL_DEVICES),
    *(AgentCode.DRIVER_CRASHED, AgentCode.READER, AgentCode.PIN_RULE, AgentCode.UNLOCK_REFUSED),
}

_COUNTED = "{kept} of {count} are signed"


def _sentence(code: AgentCode, fields: dict[str, object]) -> str:
    """Where there was no list, there is nothing to count."""
    sentence = SENTENCES[code]
    if fields.get("count") == 0:
        for before, after in ((". ", "Nothing"), ("; ", "nothing")):
            sentence = sentence.replace(before + _COUNTED, f"{before}{after} was signed")
    return sentence


class AgentError(Exception):
    """The agent stopped. `str` is the sentence; `code` and `fields` are for programs and for the catalogue."""

    def __init__(self, code: AgentCode, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(_sentence(code, fields).format_map(fields))

    @property
    def exit_code(self) -> int:
        """The command's exit code for it."""
        return EXIT_CODES[self.code]

    @property
    def help_desk(self) -> HelpDesk:
        """What a person reads out to the help desk."""
        return HELP_DESK[self.code]

    @property
    def resumable(self) -> bool:
        """Running the same again, once its cause is gone, continues where this stopped."""
        return self.code in RESUMABLE_CODES
