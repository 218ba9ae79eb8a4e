"""The agent's sentences in English, by code: the source of the catalogue in `hsm/agent/locale`.

Each says what happened and what was not done. Fields are values of ours (counts, names, codes), never what a PIN or a
key could be in. `what` is a detail in English, said as it is.
"""

from .codes import AgentCode

SENTENCES: dict[AgentCode, str] = {
    AgentCode.ARGUMENT: "{what}. Nothing was done.",
    AgentCode.URL_SCHEME: "Links of khatam:// do not open this program on this PC: {what}. Nothing was done.",
    AgentCode.WINDOW: "The window is not installed with this program. Use the terminal, or install the whole package. "
    "Nothing was done.",
    AgentCode.CONFIGURATION: "The agent's configuration is not usable: {what}. Nothing was done.",
    AgentCode.ENVIRONMENT: "Unattended signing is for rehearsals, and this is {environment}. Nothing was signed.",
    AgentCode.CORE_DUMPS: "This system would write this program's memory to a file after a crash. Nothing was done.",
    AgentCode.CLOCK: "This computer's clock and the service's disagree. Set the clock. Nothing was signed.",
    AgentCode.CONSENT: "You did not agree. Nothing was signed.",
    AgentCode.STOPPED: "You stopped. {kept} of {count} are signed; the {left} others are not. They can follow later.",
    AgentCode.SERVER_UNREACHABLE: "The service did not answer. What was signed is kept here; run the same again.",
    AgentCode.SERVER_FAILED: "The service failed ({status}). What was signed is kept here; run the same again.",
    AgentCode.SERVER_REFUSED: "The service refused ({problem}): {what}",
    AgentCode.SERVER_ANSWER: "The service gave an answer that is not understood ({what}). Nothing more was done.",
    AgentCode.TICKET: "The ticket was refused ({problem}): {what} Nothing was signed. Start again from the page.",
    AgentCode.SESSION_ENDED: "The sitting is over ({problem}). Nothing more was signed. Start again from the page.",
    AgentCode.AGENT_TOO_OLD: "This program is too old for the service. Install the newer one. Nothing was signed.",
    AgentCode.ANCHOR: "The list does not come from the service that this PC is set up for. Nothing was signed. "
    "Tell the help desk.",
    AgentCode.MANIFEST: "{what}",
    AgentCode.DOCUMENT: "{reference}: {what} Nothing of this list was signed.",
    AgentCode.LAPSED: "The list expired; what is left of it was not signed. Run the same again for the rest.",
    AgentCode.READER: "No card reader answers on this PC: {what}. Nothing was signed.",
    AgentCode.DRIVER: "The device's driver cannot be used on this PC: {what}. Nothing was signed.",
    AgentCode.DRIVER_ARCHITECTURE: "The device's driver is made for another kind of system (32 or 64 bits): {what}. "
    "Install the other one. Nothing was signed.",
    AgentCode.DRIVER_CRASHED: "The device's driver broke down: {what}. It was started again. {kept} of {count} are "
    "signed.",
    AgentCode.DEVICE_ABSENT: "No device with the key of {wanted} is plugged in. Nothing is signed without it.",
    AgentCode.OTHER_DEVICE: "This device is that of {found}. Nothing was signed with it. Plug in the one of {wanted}.",
    AgentCode.SEVERAL_DEVICES: "{count} devices are called {label!r}. Leave one plugged in. Nothing was done.",
    AgentCode.DEVICE_REMOVED: "The device went away. {kept} of {count} are signed. Plug it in and run the same again.",
    AgentCode.DEVICE_TIMEOUT: "The device did not answer in time. {kept} of {count} are signed. Plug it out and in "
    "again, and run the same again.",
    AgentCode.DEVICE: "The device did not do it: {what}",
    AgentCode.KEY: "The device has the certificate of {wanted} but not its key. Nothing was signed.",
    AgentCode.MECHANISM: "The device cannot sign with {mechanism}. Nothing was signed.",
    AgentCode.CERTIFICATE: "The certificate is not that of the key made here: {what}. It was not written.",
    AgentCode.NO_CERTIFICATE: "The device {device} has no signature certificate of {wanted}. Nothing was signed.",
    AgentCode.CERTIFICATE_EXPIRED: "The certificate of {wanted} ended on {on}. Ask for a new one. Nothing more was "
    "signed.",
    AgentCode.CERTIFICATE_NOT_YET: "The certificate of {wanted} begins on {on}; if that is past, set this computer's "
    "clock. Nothing was signed.",
    AgentCode.NOT_A_SIGNATURE_CERTIFICATE: "The certificate that the service named is not one a person signs with: "
    "{what}. Nothing was signed. Tell the help desk.",
    AgentCode.KEY_BLOCKED: "The key of {wanted} is blocked since {on}. Nothing more was signed. Ask your officer.",
    AgentCode.KEY_REVOKED: "The certificate of {wanted} is revoked since {on}. Nothing more was signed.",
    AgentCode.KEY_UNUSABLE: "The key of {wanted} cannot be used now ({problem}). Nothing more was signed.",
    AgentCode.OFFICE_ENDED: "The office of {wanted} ended on {on}. Nothing more was signed.",
    AgentCode.NOT_ENTITLED: "{wanted} may not sign {reference} ({reason}). Nothing more was signed.",
    AgentCode.PIN_WRONG: "Wrong PIN. It was tried once and not again; {kept} of {count} are signed.",
    AgentCode.PIN_LAST_TRY: "One PIN try is left: a mistake locks the device. The PIN was not sent.",
    AgentCode.PIN_LOCKED: "The device is locked. No document is lost. It needs an unblock; nothing more was signed.",
    AgentCode.PIN_TO_BE_CHANGED: "The device still has the PIN it was delivered with. Choose your own first. Nothing "
    "was signed.",
    AgentCode.PIN_FILE: "The PIN file is not usable: {what}. The PIN was not sent, nothing was signed.",
    AgentCode.PIN_NEEDED: "The device asks for its PIN and there is no terminal to ask at. Nothing was signed.",
    AgentCode.PIN_HELD: "This key asks its PIN each time, and no policy allows to hold it. Nothing was signed.",
    AgentCode.VALUE: "The device's signature does not hold. It was not sent; {kept} of {count} are signed.",
    AgentCode.SPOOL: "The folder for unsent signatures is not usable: {what}. Nothing was signed.",
    AgentCode.ITEMS: "The service did not take: {what}. {kept} of {count} are signed.",
    AgentCode.APPROVAL: "The certificates are not issued yet ({state}). The keys stay in the device; run it again.",
    AgentCode.BUSY: "The agent is already at work in another window ({holder}). Nothing was done here.",
    AgentCode.PIN_RULE: "This PIN cannot be set. {what}. Nothing was sent to the device.",
    AgentCode.PIN_UNSET: "The PIN of {device} was never set. Nothing was done. {fix}",
    AgentCode.UNLOCK_REFUSED: "{device} refused the unlock secret. It was tried once and not again; check it first.",
    AgentCode.DEFAULT_SECRET: "{device} still has its maker's unlock secret. Have it changed first; nothing was done.",
    AgentCode.HALF_MADE: "{device} is half made: {what}. Finish it with: {fix}",
    AgentCode.NOT_EMPTY: "{device} is not empty, and nothing is erased here. For a return: khatam-agent device wipe.",
    AgentCode.NO_EMPTY: "No empty device is plugged in, and none is called {label!r}. Nothing was done.",
    AgentCode.NOT_WIPED: "{device} still holds {what}. It is not wiped: do not give it back yet.",
    AgentCode.OTHER_SERIAL: "This is for the device with serial {wanted}, and this one has {found}. Nothing was done.",
    AgentCode.NOT_OF_ORDER: "{device} does not hold the certificates of {wanted}. Nothing was done to it.",
    AgentCode.NO_PAIR: "No device here has a certificate that fits the order of {wanted}: {what}. Nothing was sent.",
    AgentCode.STATION: "This PC is an officer's station; no document allows to make devices here. Nothing was done.",
    AgentCode.ROAD: "This ticket is for something else. Run: {fix}",
    AgentCode.RELEASE_KEY: "The service named no key for unlock secrets, so none can be set. Nothing was done.",
    AgentCode.UNEXPECTED: "Something went wrong in the agent itself ({kind}). {kept} of {count} are signed.",
}
