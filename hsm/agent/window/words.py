"""What the window says for values that are not its own: kinds, functions, refusals, interruptions, PIN states.

Messages stand here as English text, each in a call of `_` or `n_` so that the catalogue's test finds it.
"""

from collections.abc import Callable, Mapping

from hsm.agent.consent import ShownCapacity
from hsm.agent.errors import AgentCode, AgentError

from .languages import Language, isolated


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


def counted(language: Language, kind: str, number: int) -> str:
    """So many documents of that kind (`signer.dossiers.kinds.DocumentKind` value, or any other)."""
    n_ = language.count
    counts: Mapping[str, Callable[[], str]] = {
        "licence": lambda: n_("{n} licence", "{n} licences", number),
        "refusal": lambda: n_("{n} refusal", "{n} refusals", number),
        "opinion": lambda: n_("{n} opinion", "{n} opinions", number),
        "minutes": lambda: n_("{n} set of minutes", "{n} sets of minutes", number),
        "conformity": lambda: n_("{n} certificate of conformity", "{n} certificates of conformity", number),
        "attestation": lambda: n_("{n} attestation", "{n} attestations", number),
        "delegation": lambda: n_("{n} delegation", "{n} delegations", number),
        "key_acceptance": lambda: n_("{n} acceptance of a key", "{n} acceptances of keys", number),
    }
    return counts.get(kind, lambda: n_("{n} document", "{n} documents", number))()


KINDS: Mapping[str, str] = {
    "licence": _("licence"),
    "refusal": _("refusal"),
    "opinion": _("opinion"),
    "minutes": _("minutes"),
    "conformity": _("certificate of conformity"),
    "attestation": _("attestation"),
    "delegation": _("delegation"),
    "key_acceptance": _("acceptance of a key"),
}

FUNCTIONS: Mapping[str, str] = {
    "president": _("President of the council"),
    "vice_president": _("Vice-president"),
    "committee_member": _("Member of the committee"),
    "secretary": _("Secretary of the committee"),
    "pacha": _("Pacha"),
    "pacha_assistant": _("Assistant of the pacha"),
    "governor": _("Governor"),
    "special_committee": _("Special committee"),
    "director_of_services": _("Director general of services"),
    "councillor": _("Member of the council"),
}


def kind_named(language: Language, kind: str) -> str:
    """A kind in words; an unknown one as it was sent."""
    return language.say(KINDS[kind]) if kind in KINDS else isolated(kind)


def function_named(language: Language, function: str) -> str:
    """A function in words; an unknown one as it was sent."""
    return language.say(FUNCTIONS[function]) if function in FUNCTIONS else isolated(function)


POWERS: Mapping[str, str] = {
    "delegation": _("by delegation no. {number}"),
    "absence": _("in the place of the absent, finding no. {number}"),
    "substitution": _("by substitution, act no. {number}"),
    "special_committee": _("for current affairs, act no. {number}"),
}


def capacity_named(language: Language, capacity: ShownCapacity, body: str) -> str:
    """In which function, for which body (its name as shown), and by what recorded act if not by his own office."""
    function, power = function_named(language, capacity.function), capacity.power
    if power is None:
        return language.say(_("{function}, {body}"), function=function, body=body)
    kind = language.say(POWERS[power.kind], number=isolated(power.number)) if power.kind in POWERS else power.number
    return language.say(_("{function}, {body}, {power}"), function=function, body=body, power=kind)


SENTENCES: Mapping[AgentCode, str] = {
    AgentCode.ARGUMENT: _(
        "This link is not one that the agent can follow. Nothing was done. Start again from the page."
    ),
    AgentCode.URL_SCHEME: _("Signing links do not open this program on this computer. Nothing was done."),
    AgentCode.WINDOW: _("The window is not installed with this program. Nothing was done."),
    AgentCode.CONFIGURATION: _("This computer's settings for signing are not usable. Nothing was done."),
    AgentCode.ENVIRONMENT: _("Signing without a person is for rehearsals only. Nothing was signed."),
    AgentCode.CORE_DUMPS: _("This system would write this program's memory to a file after a crash. Nothing was done."),
    AgentCode.CLOCK: _("This computer's clock is wrong. Set its date and time. Nothing was signed."),
    AgentCode.CONSENT: _("You cancelled. Nothing more was signed."),
    AgentCode.STOPPED: _("You stopped. {kept} of {count} signed; the others can follow later."),
    AgentCode.SERVER_UNREACHABLE: _("The service does not answer. What you signed is kept here and will be sent."),
    AgentCode.SERVER_FAILED: _("The service had a fault. What you signed is kept here and will be sent."),
    AgentCode.SERVER_REFUSED: _("The service refused. Nothing more was signed. Start again from the page."),
    AgentCode.SERVER_ANSWER: _("The service gave an answer that is not understood. Nothing more was signed."),
    AgentCode.TICKET: _("This link was used already or is too old. Nothing was signed. Start again from the page."),
    AgentCode.SESSION_ENDED: _("The sitting is over. Nothing more was signed. Start again from the page."),
    AgentCode.AGENT_TOO_OLD: _("This program is too old for the service. Nothing was signed. Install the newer one."),
    AgentCode.ANCHOR: _(
        "The list does not come from the service that this computer is set up for. Nothing was signed."
    ),
    AgentCode.MANIFEST: _("The list to sign did not pass its check. Nothing was signed. Start again from the page."),
    AgentCode.DOCUMENT: _(
        "{reference}: the file received is not the document of the list. Nothing of this list was signed."
    ),
    AgentCode.LAPSED: _("The list expired. What is left of it was not signed. Try the rest again."),
    AgentCode.READER: _("No card reader answers on this computer. Nothing was signed."),
    AgentCode.DRIVER: _("The key's driver is not installed on this computer, or does not work. Nothing was signed."),
    AgentCode.DRIVER_ARCHITECTURE: _(
        "The key's driver is made for another kind of system (32 or 64 bits). Nothing was signed."
    ),
    AgentCode.DRIVER_CRASHED: _("The key's driver broke down and was started again. {kept} of {count} signed."),
    AgentCode.DEVICE_ABSENT: _("Plug in your signature key ({wanted}). Nothing was signed."),
    AgentCode.OTHER_DEVICE: _("This key belongs to {found}. Plug in the key of {wanted}. Nothing was signed."),
    AgentCode.SEVERAL_DEVICES: _("Several keys look the same. Leave only one plugged in. Nothing was done."),
    AgentCode.DEVICE_REMOVED: _("Key removed. {kept} of {count} signed. Plug it back for the rest."),
    AgentCode.DEVICE_TIMEOUT: _("The key does not answer. {kept} of {count} signed. Take it out and plug it back."),
    AgentCode.DEVICE: _("The key could not do it. Take it out, plug it back and try again."),
    AgentCode.KEY: _("The key of {wanted} holds the certificate but cannot sign. Nothing was signed."),
    AgentCode.MECHANISM: _("This key cannot sign in the way that is asked. Nothing was signed."),
    AgentCode.CERTIFICATE: _("The certificate received is not that of your key. It was not written."),
    AgentCode.NO_CERTIFICATE: _("This key holds no signature certificate of {wanted}. Nothing was signed."),
    AgentCode.CERTIFICATE_EXPIRED: _(
        "The certificate of {wanted} expired on {on}. Ask for renewal. Nothing was signed."
    ),
    AgentCode.CERTIFICATE_NOT_YET: _(
        "The certificate of {wanted} begins on {on}. If that day is past, set the clock. Nothing was signed."
    ),
    AgentCode.NOT_A_SIGNATURE_CERTIFICATE: _(
        "The certificate asked for is not one that a person signs with. Nothing was signed."
    ),
    AgentCode.KEY_BLOCKED: _("Your key is suspended. Nothing was signed. Ask the key officer."),
    AgentCode.KEY_REVOKED: _("Your certificate is revoked or expired. Nothing was signed. Ask the key officer."),
    AgentCode.OFFICE_ENDED: _("Your office has ended: this key no longer signs for it. Nothing was signed."),
    AgentCode.KEY_UNUSABLE: _("Your key cannot be used for this now. Nothing was signed. Ask the key officer."),
    AgentCode.NOT_ENTITLED: _("You are not entitled to sign this. Nothing was signed."),
    AgentCode.PIN_WRONG: _("Wrong PIN. It was tried once only. {kept} of {count} signed."),
    AgentCode.PIN_LAST_TRY: _("Last try: one more mistake locks the key. The PIN was not sent to it."),
    AgentCode.PIN_LOCKED: _("The key is locked. No file is lost. The key officer can unlock it."),
    AgentCode.PIN_TO_BE_CHANGED: _("The key still has the PIN it was delivered with. Choose your own PIN first."),
    AgentCode.PIN_FILE: _("The PIN file is not usable. Nothing was signed."),
    AgentCode.PIN_NEEDED: _("The PIN was not given. Nothing more was signed."),
    AgentCode.PIN_HELD: _("This key asks its PIN each time, and no policy allows to hold it. Nothing was signed."),
    AgentCode.VALUE: _("The key's signature does not hold. It was not sent. {kept} of {count} signed."),
    AgentCode.SPOOL: _("The folder for signatures not yet sent is not usable. Nothing was signed."),
    AgentCode.ITEMS: _("The service did not take every document. {kept} of {count} signed."),
    AgentCode.APPROVAL: _("The certificates are not issued yet. Your key keeps what was made; come back later."),
    AgentCode.BUSY: _("Another signing window is open on this computer. Finish there first. Nothing was done here."),
    AgentCode.PIN_RULE: _(
        "This PIN cannot be used: it is too short, too long or too simple. Nothing was sent to the key."
    ),
    AgentCode.PIN_UNSET: _("The PIN of {device} was never set. Nothing was done."),
    AgentCode.UNLOCK_REFUSED: _("{device} refused the unlock secret. It was tried once only."),
    AgentCode.DEFAULT_SECRET: _("{device} still has its maker's unlock secret. Nothing was done."),
    AgentCode.HALF_MADE: _("{device} is half made. Begin the same again to finish it."),
    AgentCode.NOT_EMPTY: _("{device} is not empty. Nothing was erased."),
    AgentCode.NO_EMPTY: _("No empty key is plugged in. Nothing was done."),
    AgentCode.NOT_WIPED: _("{device} is not wiped. Do not give it back yet."),
    AgentCode.OTHER_SERIAL: _(
        "This is for the key with number {wanted}; the one plugged in is {found}. Nothing was done."
    ),
    AgentCode.NOT_OF_ORDER: _("{device} does not hold the certificates of {wanted}. Nothing was done to it."),
    AgentCode.NO_PAIR: _("No key here fits the order of {wanted}. Nothing was sent."),
    AgentCode.STATION: _("This computer may not make holders' keys. Nothing was done."),
    AgentCode.ROAD: _("This ticket is for something else. Nothing was done."),
    AgentCode.RELEASE_KEY: _("The service named no key for unlock secrets. Nothing was done."),
    AgentCode.UNEXPECTED: _("Something went wrong in this program. {kept} of {count} signed."),
}
"""What happened, what did not, what to do: shorter than the terminal's, for one who never saw a terminal."""


def sentence(language: Language, error: AgentError) -> str:
    """What stopped the agent, in words."""
    message = SENTENCES.get(error.code, SENTENCES[AgentCode.UNEXPECTED])
    return language.say(message, **_Known(error.fields))


def detail(error: AgentError) -> str:
    """What the help desk reads with the code: English, never part of the sentence; empty when there is none."""
    parts = (
        str(error.fields[name]) for name in ("what", "reason", "problem", "status", "kind") if name in error.fields
    )
    return " · ".join(part for part in parts if part)


class _Known(dict[str, object]):
    """Fields of an error; one that it lacks is a dash, never an error about an error."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__(
            dict.fromkeys(("kept", "count", "wanted", "found", "reference", "device", "on"), "–") | dict(fields)
        )


REASONS: Mapping[str, str] = {
    "lease-lapsed": _("its turn expired; try it again"),
    "item-not-prepared": _("it was not ready; try it again"),
    "nothing-to-sign": _("it was signed already"),
    "later": _("left for a later sitting"),
}


def reason(language: Language, code: str) -> str:
    """Why one document is not signed; what is not known here as the service calls it."""
    if code in REASONS:
        return language.say(REASONS[code])
    return language.say(_("refused by the service ({code})"), code=code)
