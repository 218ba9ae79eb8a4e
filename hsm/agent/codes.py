"""Why the agent stops, as codes: one for programs, one for the telephone."""

from enum import StrEnum


class AgentCode(StrEnum):
    """Why the agent stopped."""

    ARGUMENT = "argument"
    URL_SCHEME = "url-scheme"
    WINDOW = "window-missing"
    CONFIGURATION = "configuration"
    ENVIRONMENT = "environment"
    CORE_DUMPS = "core-dumps"
    CLOCK = "clock"
    CONSENT = "consent-refused"
    STOPPED = "stopped"
    SERVER_UNREACHABLE = "server-unreachable"
    SERVER_FAILED = "server-failed"
    SERVER_REFUSED = "server-refused"
    SERVER_ANSWER = "server-answer"
    TICKET = "ticket-refused"
    SESSION_ENDED = "session-ended"
    AGENT_TOO_OLD = "agent-too-old"
    ANCHOR = "manifest-anchor"
    MANIFEST = "manifest-refused"
    DOCUMENT = "document-refused"
    LAPSED = "lapsed"
    READER = "reader-missing"
    DRIVER = "driver-missing"
    DRIVER_ARCHITECTURE = "driver-architecture"
    DRIVER_CRASHED = "driver-crashed"
    DEVICE_ABSENT = "device-absent"
    OTHER_DEVICE = "other-persons-device"
    SEVERAL_DEVICES = "several-devices"
    DEVICE_REMOVED = "device-removed"
    DEVICE_TIMEOUT = "device-timeout"
    DEVICE = "device-failed"
    KEY = "key-not-found"
    MECHANISM = "mechanism"
    CERTIFICATE = "certificate"
    NO_CERTIFICATE = "no-certificate"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET = "certificate-not-yet-valid"
    NOT_A_SIGNATURE_CERTIFICATE = "not-a-signature-certificate"
    KEY_BLOCKED = "key-blocked"
    KEY_REVOKED = "key-revoked"
    KEY_UNUSABLE = "key-unusable"
    OFFICE_ENDED = "office-ended"
    NOT_ENTITLED = "not-entitled"
    PIN_WRONG = "pin-wrong"
    PIN_LAST_TRY = "pin-last-try"
    PIN_LOCKED = "pin-locked"
    PIN_TO_BE_CHANGED = "pin-to-be-changed"
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


class HelpDesk(StrEnum):
    """What a person reads out on the telephone. Stable: a number, once given, keeps its meaning."""

    CONFIGURATION = "AG-01"
    ENVIRONMENT = "AG-02"
    CONSENT = "AG-03"
    CLOCK = "AG-10"
    SERVER_UNREACHABLE = "AG-11"
    SERVER_FAILED = "AG-12"
    SERVER_REFUSED = "AG-13"
    MANIFEST_ANCHOR = "AG-14"
    AGENT_TOO_OLD = "AG-15"
    READER = "AG-20"
    DRIVER_MISSING = "AG-21"
    DRIVER_ARCHITECTURE = "AG-22"
    DRIVER_CRASHED = "AG-23"
    DEVICE_ABSENT = "AG-24"
    OTHER_DEVICE = "AG-25"
    DEVICE_REMOVED = "AG-26"
    SEVERAL_DEVICES = "AG-27"
    NO_CERTIFICATE = "AG-30"
    CERTIFICATE_EXPIRED = "AG-31"
    NOT_A_SIGNATURE_CERTIFICATE = "AG-32"
    KEY_BLOCKED = "AG-33"
    OFFICE_ENDED = "AG-34"
    PIN_WRONG = "AG-40"
    PIN_LAST_TRY = "AG-41"
    PIN_LOCKED = "AG-42"
    PIN_TO_BE_CHANGED = "AG-43"
    DEVICE_FAILED = "AG-44"
    PIN_SOURCE = "AG-45"
    URL_SCHEME = "AG-50"
    CORE_DUMPS = "AG-51"
    SPOOL = "AG-52"
    BUSY = "AG-53"
    WINDOW = "AG-54"
    MANIFEST = "AG-60"
    DOCUMENT = "AG-61"
    VALUE = "AG-62"
    TICKET = "AG-63"
    LIST = "AG-64"
    APPROVAL = "AG-65"
    DEVICE_UNREADY = "AG-46"
    UNLOCK = "AG-47"
    STATION = "AG-04"
    UNEXPECTED = "AG-70"


HELP_DESK: dict[AgentCode, HelpDesk] = {
    AgentCode.ARGUMENT: HelpDesk.URL_SCHEME,
    AgentCode.URL_SCHEME: HelpDesk.URL_SCHEME,
    AgentCode.WINDOW: HelpDesk.WINDOW,
    AgentCode.CONFIGURATION: HelpDesk.CONFIGURATION,
    AgentCode.ENVIRONMENT: HelpDesk.ENVIRONMENT,
    AgentCode.CORE_DUMPS: HelpDesk.CORE_DUMPS,
    AgentCode.CLOCK: HelpDesk.CLOCK,
    AgentCode.CONSENT: HelpDesk.CONSENT,
    AgentCode.STOPPED: HelpDesk.CONSENT,
    AgentCode.SERVER_UNREACHABLE: HelpDesk.SERVER_UNREACHABLE,
    AgentCode.SERVER_FAILED: HelpDesk.SERVER_FAILED,
    AgentCode.SERVER_REFUSED: HelpDesk.SERVER_REFUSED,
    AgentCode.SERVER_ANSWER: HelpDesk.SERVER_REFUSED,
    AgentCode.TICKET: HelpDesk.TICKET,
    AgentCode.SESSION_ENDED: HelpDesk.TICKET,
    AgentCode.AGENT_TOO_OLD: HelpDesk.AGENT_TOO_OLD,
    AgentCode.ANCHOR: HelpDesk.MANIFEST_ANCHOR,
    AgentCode.MANIFEST: HelpDesk.MANIFEST,
    AgentCode.DOCUMENT: HelpDesk.DOCUMENT,
    AgentCode.LAPSED: HelpDesk.LIST,
    AgentCode.READER: HelpDesk.READER,
    AgentCode.DRIVER: HelpDesk.DRIVER_MISSING,
    AgentCode.DRIVER_ARCHITECTURE: HelpDesk.DRIVER_ARCHITECTURE,
    AgentCode.DRIVER_CRASHED: HelpDesk.DRIVER_CRASHED,
    AgentCode.DEVICE_ABSENT: HelpDesk.DEVICE_ABSENT,
    AgentCode.OTHER_DEVICE: HelpDesk.OTHER_DEVICE,
    AgentCode.SEVERAL_DEVICES: HelpDesk.SEVERAL_DEVICES,
    AgentCode.DEVICE_REMOVED: HelpDesk.DEVICE_REMOVED,
    AgentCode.DEVICE_TIMEOUT: HelpDesk.DEVICE_FAILED,
    AgentCode.DEVICE: HelpDesk.DEVICE_FAILED,
    AgentCode.KEY: HelpDesk.NO_CERTIFICATE,
    AgentCode.MECHANISM: HelpDesk.DEVICE_FAILED,
    AgentCode.CERTIFICATE: HelpDesk.NO_CERTIFICATE,
    AgentCode.NO_CERTIFICATE: HelpDesk.NO_CERTIFICATE,
    AgentCode.CERTIFICATE_EXPIRED: HelpDesk.CERTIFICATE_EXPIRED,
    AgentCode.CERTIFICATE_NOT_YET: HelpDesk.CERTIFICATE_EXPIRED,
    AgentCode.NOT_A_SIGNATURE_CERTIFICATE: HelpDesk.NOT_A_SIGNATURE_CERTIFICATE,
    AgentCode.KEY_BLOCKED: HelpDesk.KEY_BLOCKED,
    AgentCode.KEY_REVOKED: HelpDesk.KEY_BLOCKED,
    AgentCode.KEY_UNUSABLE: HelpDesk.KEY_BLOCKED,
    AgentCode.OFFICE_ENDED: HelpDesk.OFFICE_ENDED,
    AgentCode.NOT_ENTITLED: HelpDesk.OFFICE_ENDED,
    AgentCode.PIN_WRONG: HelpDesk.PIN_WRONG,
    AgentCode.PIN_LAST_TRY: HelpDesk.PIN_LAST_TRY,
    AgentCode.PIN_LOCKED: HelpDesk.PIN_LOCKED,
    AgentCode.PIN_TO_BE_CHANGED: HelpDesk.PIN_TO_BE_CHANGED,
    AgentCode.PIN_FILE: HelpDesk.PIN_SOURCE,
    AgentCode.PIN_NEEDED: HelpDesk.PIN_SOURCE,
    AgentCode.PIN_HELD: HelpDesk.PIN_SOURCE,
    AgentCode.VALUE: HelpDesk.VALUE,
    AgentCode.SPOOL: HelpDesk.SPOOL,
    AgentCode.ITEMS: HelpDesk.SERVER_REFUSED,
    AgentCode.APPROVAL: HelpDesk.APPROVAL,
    AgentCode.BUSY: HelpDesk.BUSY,
    AgentCode.PIN_RULE: HelpDesk.PIN_TO_BE_CHANGED,
    AgentCode.PIN_UNSET: HelpDesk.PIN_TO_BE_CHANGED,
    AgentCode.UNLOCK_REFUSED: HelpDesk.UNLOCK,
    AgentCode.DEFAULT_SECRET: HelpDesk.UNLOCK,
    AgentCode.HALF_MADE: HelpDesk.DEVICE_UNREADY,
    AgentCode.NOT_EMPTY: HelpDesk.DEVICE_UNREADY,
    AgentCode.NO_EMPTY: HelpDesk.DEVICE_UNREADY,
    AgentCode.NOT_WIPED: HelpDesk.DEVICE_UNREADY,
    AgentCode.OTHER_SERIAL: HelpDesk.OTHER_DEVICE,
    AgentCode.NOT_OF_ORDER: HelpDesk.OTHER_DEVICE,
    AgentCode.NO_PAIR: HelpDesk.NO_CERTIFICATE,
    AgentCode.STATION: HelpDesk.STATION,
    AgentCode.ROAD: HelpDesk.TICKET,
    AgentCode.RELEASE_KEY: HelpDesk.UNLOCK,
    AgentCode.UNEXPECTED: HelpDesk.UNEXPECTED,
}
