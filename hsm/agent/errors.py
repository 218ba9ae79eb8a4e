"""What can stop the agent: a code for programs, a sentence for people, and whether running it again can help.

The sentences are English here; the catalogue in `hsm/agent/locale` translates them by code. Each says what happened
and what was not done. Fields are values of ours (counts, names, codes), never what a PIN or a key could be in.
"""

from enum import StrEnum


class AgentCode(StrEnum):
    """Why the agent stopped."""

    ARGUMENT = "argument"
    CONFIGURATION = "configuration"
    ENVIRONMENT = "environment"
    CONSENT = "consent-refused"
    SERVER_UNREACHABLE = "server-unreachable"
    SERVER_FAILED = "server-failed"
    SERVER_REFUSED = "server-refused"
    SERVER_ANSWER = "server-answer"
    TICKET = "ticket-refused"
    SESSION_ENDED = "session-ended"
    MANIFEST = "manifest-refused"
    DOCUMENT = "document-refused"
    LAPSED = "lapsed"
    DRIVER = "driver-missing"
    DEVICE_ABSENT = "device-absent"
    OTHER_DEVICE = "other-persons-device"
    SEVERAL_DEVICES = "several-devices"
    DEVICE_REMOVED = "device-removed"
    DEVICE = "device-failed"
    KEY = "key-not-found"
    MECHANISM = "mechanism"
    CERTIFICATE = "certificate"
    PIN_WRONG = "pin-wrong"
    PIN_LAST_TRY = "pin-last-try"
    PIN_LOCKED = "pin-locked"
    PIN_FILE = "pin-file"
    PIN_NEEDED = "pin-needed"
    PIN_HELD = "pin-held"
    VALUE = "value-wrong"
    SPOOL = "spool"
    ITEMS = "items-refused"
    APPROVAL = "approval-awaited"
    BUSY = "busy"
    PIN_RULE = "pin-rule"
    PIN_UNSET = "pin-never-set"
    UNLOCK_REFUSED = "unlock-secret-refused"
    DEFAULT_SECRET = "default-secret"  # noqa: S105  (a code, not a secret)
    HALF_MADE = "device-half-made"
    NOT_EMPTY = "device-not-empty"
    NO_EMPTY = "no-empty-device"
    NOT_WIPED = "device-not-wiped"
    OTHER_SERIAL = "other-serial"
    NOT_OF_ORDER = "device-not-of-order"
    NO_PAIR = "no-fitting-certificate"
    STATION = "station-not-approved"
    ROAD = "other-road"
    RELEASE_KEY = "no-release-key"
    UNEXPECTED = "unexpected"


SENTENCES: dict[AgentCode, str] = {
    AgentCode.ARGUMENT: "{what}. Nothing was done.",
    AgentCode.CONFIGURATION: "The agent's configuration is not usable: {what}. Nothing was done.",
    AgentCode.ENVIRONMENT: "Unattended signing is for rehearsals, and this is {environment}. Nothing was signed.",
    AgentCode.CONSENT: "You did not agree. Nothing was signed.",
    AgentCode.SERVER_UNREACHABLE: "The service did not answer. What was signed is kept here; run the same again.",
    AgentCode.SERVER_FAILED: "The service failed ({status}). What was signed is kept here; run the same again.",
    AgentCode.SERVER_REFUSED: "The service refused ({problem}): {what}",
    AgentCode.SERVER_ANSWER: "The service gave an answer that is not understood ({what}). Nothing more was done.",
    AgentCode.TICKET: "The ticket was refused ({problem}): {what} Nothing was signed. Start again from the page.",
    AgentCode.SESSION_ENDED: "The sitting is over ({problem}). Nothing more was signed. Start again from the page.",
    AgentCode.MANIFEST: "{what}",
    AgentCode.DOCUMENT: "{reference}: {what} Nothing of this list was signed.",
    AgentCode.LAPSED: "The list expired; what is left of it was not signed. Run the same again for the rest.",
    AgentCode.DRIVER: "The device's driver cannot be used on this PC: {what}. Nothing was signed.",
    AgentCode.DEVICE_ABSENT: "No device with the key of {wanted} is plugged in. Nothing was signed. Plug it in.",
    AgentCode.OTHER_DEVICE: "This device is that of {found}. Plug in the one of {wanted}. Nothing was signed.",
    AgentCode.SEVERAL_DEVICES: "{count} devices are called {label!r}. Leave one plugged in. Nothing was done.",
    AgentCode.DEVICE_REMOVED: "The device went away. {kept} of {count} are signed. Plug it in and run the same again.",
    AgentCode.DEVICE: "The device did not do it: {what}",
    AgentCode.KEY: "The device has the certificate of {wanted} but not its key. Nothing was signed.",
    AgentCode.MECHANISM: "The device cannot sign with {mechanism}. Nothing was signed.",
    AgentCode.CERTIFICATE: "The certificate is not that of the key made here: {what}. It was not written.",
    AgentCode.PIN_WRONG: "Wrong PIN. It was tried once and not again; {kept} of {count} are signed.",
    AgentCode.PIN_LAST_TRY: "One PIN try is left: a mistake locks the device. The PIN was not sent.",
    AgentCode.PIN_LOCKED: "The device is locked. No document is lost. It needs an unblock; nothing was signed.",
    AgentCode.PIN_FILE: "The PIN file is not usable: {what}. The PIN was not sent, nothing was signed.",
    AgentCode.PIN_NEEDED: "The device asks for its PIN and there is no terminal to ask at. Nothing was signed.",
    AgentCode.PIN_HELD: "This key asks its PIN each time, and no policy allows to hold it. Nothing was signed.",
    AgentCode.VALUE: "The device's signature does not hold. It was not sent; {kept} of {count} are signed.",
    AgentCode.SPOOL: "The folder for unsent signatures is not usable: {what}. Nothing was signed.",
    AgentCode.ITEMS: "The service did not take: {what}. {kept} of {count} are signed.",
    AgentCode.APPROVAL: "The certificates are not issued yet ({state}). The keys stay in the device; run it again.",
    AgentCode.BUSY: "The agent is already at work on this ticket in another window. Nothing was done here.",
    AgentCode.PIN_RULE: "This PIN cannot be set. {what}. Nothing was sent to the device.",
    AgentCode.PIN_UNSET: "The PIN of {device} was never set. Nothing was done. {fix}",
    AgentCode.UNLOCK_REFUSED: "{device} refused the unlock secret. It was tried once and not again; check it first.",
    AgentCode.DEFAULT_SECRET: "{device} still has its maker's unlock secret. Have it changed first; nothing was done.",
    AgentCode.HALF_MADE: "{device} is half made: {what}. Finish it with: {fix}",
    AgentCode.NOT_EMPTY: "{device} is not empty, and nothing is erased here. For a return: khatam-agent device wipe.",
    AgentCode.NO_EMPTY: "No empty device is plugged in, and none is called {label!r}. Nothing was done.",
    AgentCode.NOT_WIPED: "{device} still holds {what}. It is not wiped: do not give it back yet.",
    AgentCode.OTHER_SERIAL: "This is for the device with serial {wanted}, and this one has {found}. Nothing was done.",
    AgentCode.NOT_OF_ORDER: "{device} does not hold the certificates of {wanted}. It was not unlocked.",
    AgentCode.NO_PAIR: "No device here has a certificate that fits the order of {wanted}: {what}. Nothing was sent.",
    AgentCode.STATION: "This PC is an officer's station; no document allows to make devices here. Nothing was done.",
    AgentCode.ROAD: "This ticket is for something else. Run: {fix}",
    AgentCode.RELEASE_KEY: "The service named no key for unlock secrets, so none can be set. Nothing was done.",
    AgentCode.UNEXPECTED: "Something went wrong in the agent itself ({kind}). {kept} of {count} are signed.",
}

REFUSED, DEVICE, SERVER, RESUMABLE = 3, 4, 5, 6
EXIT_CODES: dict[AgentCode, int] = {
    AgentCode.ARGUMENT: 2,
    AgentCode.CONFIGURATION: 2,
    AgentCode.UNEXPECTED: 1,
    **dict.fromkeys(
        (
            *(AgentCode.ENVIRONMENT, AgentCode.CONSENT, AgentCode.MANIFEST, AgentCode.DOCUMENT, AgentCode.CERTIFICATE),
            *(AgentCode.TICKET, AgentCode.SESSION_ENDED, AgentCode.SERVER_REFUSED, AgentCode.SERVER_ANSWER),
            *(AgentCode.SPOOL, AgentCode.BUSY, AgentCode.ITEMS, AgentCode.STATION, AgentCode.ROAD),
            *(AgentCode.RELEASE_KEY, AgentCode.NO_PAIR),
        ),
        REFUSED,
    ),
    **dict.fromkeys(
        (
            *(AgentCode.DRIVER, AgentCode.DEVICE_ABSENT, AgentCode.OTHER_DEVICE, AgentCode.SEVERAL_DEVICES),
            *(AgentCode.DEVICE, AgentCode.KEY, AgentCode.MECHANISM, AgentCode.PIN_WRONG, AgentCode.PIN_LAST_TRY),
            *(AgentCode.PIN_LOCKED, AgentCode.PIN_FILE, AgentCode.PIN_NEEDED, AgentCode.PIN_HELD, AgentCode.VALUE),
            *(AgentCode.PIN_RULE, AgentCode.PIN_UNSET, AgentCode.UNLOCK_REFUSED, AgentCode.DEFAULT_SECRET),
            *(AgentCode.NOT_EMPTY, AgentCode.NO_EMPTY, AgentCode.NOT_WIPED, AgentCode.OTHER_SERIAL),
            AgentCode.NOT_OF_ORDER,
        ),
        DEVICE,
    ),
    **dict.fromkeys((AgentCode.SERVER_UNREACHABLE, AgentCode.SERVER_FAILED), SERVER),
    **dict.fromkeys((AgentCode.DEVICE_REMOVED, AgentCode.LAPSED, AgentCode.APPROVAL, AgentCode.HALF_MADE), RESUMABLE),
}
RESUMABLE_CODES = frozenset(code for code, status in EXIT_CODES.items() if status in (SERVER, RESUMABLE)) | {
    AgentCode.PIN_WRONG,
    AgentCode.DEVICE_ABSENT,
    AgentCode.OTHER_DEVICE,
    AgentCode.PIN_LAST_TRY,
    AgentCode.PIN_FILE,
    AgentCode.PIN_RULE,
    AgentCode.UNLOCK_REFUSED,
}


class AgentError(Exception):
    """The agent stopped. `str` is the sentence; `code` and `fields` are for programs and for the catalogue."""

    def __init__(self, code: AgentCode, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(SENTENCES[code].format_map(fields))

    @property
    def exit_code(self) -> int:
        """The command's exit code for it."""
        return EXIT_CODES[self.code]

    @property
    def resumable(self) -> bool:
        """Running the same again, once its cause is gone, continues where this stopped."""
        return self.code in RESUMABLE_CODES
