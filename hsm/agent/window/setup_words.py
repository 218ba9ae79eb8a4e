"""What the first set-up says: each light, lit or not, with the remedy; each rule that a new PIN may break."""

from collections.abc import Mapping
from datetime import date

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import Light, LightName, Remark
from hsm.agent.holder.pin_rules import PinFault, PinRules

from .languages import Language
from .words import sentence


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


LIGHTS: Mapping[LightName, str] = {
    LightName.AGENT: _("Program"),
    LightName.DRIVER: _("Driver"),
    LightName.KEY: _("Key plugged in"),
    LightName.CERTIFICATE: _("Certificate"),
    LightName.TEST_SIGNATURE: _("Test signature"),
}

REMARKS: Mapping[Remark, str] = {
    Remark.PROGRAM: _("in order"),
    Remark.DRIVER: _("in order"),
    Remark.DRIVER_BROKEN: _("One driver works, another one does not."),
    Remark.KEY: _("{device}"),
    Remark.LAST_TRY: _("{device}: one PIN try is left. Type slowly, or ask the key officer first."),
    Remark.WRONG_PIN: _("{device}: a wrong PIN was entered recently. Type slowly."),
    Remark.CERTIFICATE: _("of {named}, valid until {on}"),
    Remark.SIGNED_ONCE: _("done; your key asks its PIN once for a list"),
    Remark.SIGNED_EACH: _("done; your key asks its PIN for each document"),
    Remark.NO_TEST_KEY: _("The PIN is right. This key cannot make a test: your first signature will be one."),
}

_ASK_OFFICER = _("Ask the key officer.")
_ASK_DESK = _("Ask the help desk.")
_REPLUG = _("Take the key out, plug it back, and look again.")
_PLUG_IN = _("Plug your key into a USB port: this goes on by itself.")

STOPPED: Mapping[AgentCode, tuple[str, str]] = {
    AgentCode.CONFIGURATION: (_("This computer's settings for signing are not usable."), _ASK_DESK),
    AgentCode.DRIVER: (
        _("The key's driver is not installed on this computer, or does not work."),
        _("Install the driver that came with the key."),
    ),
    AgentCode.DRIVER_ARCHITECTURE: (
        _("The key's driver is made for another kind of system (32 or 64 bits)."),
        _("Install the driver of the other kind."),
    ),
    AgentCode.DRIVER_CRASHED: (_("The key's driver broke down."), _REPLUG),
    AgentCode.DEVICE_ABSENT: (_("No key is plugged in."), _PLUG_IN),
    AgentCode.DEVICE_REMOVED: (_("The key was taken out."), _PLUG_IN),
    AgentCode.DEVICE_TIMEOUT: (_("The key does not answer."), _REPLUG),
    AgentCode.DEVICE: (_("The key could not do it."), _REPLUG),
    AgentCode.SEVERAL_DEVICES: (_("Several keys are plugged in."), _("Leave only your own one plugged in.")),
    AgentCode.OTHER_DEVICE: (_("This is another person's key."), _("Plug in your own key.")),
    AgentCode.NO_CERTIFICATE: (_("This key holds no certificate to sign with."), _ASK_OFFICER),
    AgentCode.CERTIFICATE_EXPIRED: (
        _("The certificate of {wanted} expired on {on}."),
        _("Ask the key officer for a new one."),
    ),
    AgentCode.CERTIFICATE_NOT_YET: (
        _("The certificate of {wanted} begins on {on}."),
        _("If that day is past, set this computer's date."),
    ),
    AgentCode.KEY: (_("This key holds a certificate but cannot sign."), _ASK_OFFICER),
    AgentCode.MECHANISM: (_("This key cannot sign in the way that is asked."), _ASK_OFFICER),
    AgentCode.DEFAULT_SECRET: (_("This key still has its maker's unlock secret."), _ASK_OFFICER),
    AgentCode.PIN_LOCKED: (_("The key is locked. No file is lost."), _("Ask the key officer to unlock it.")),
    AgentCode.PIN_TO_BE_CHANGED: (_("The key still has the PIN it was delivered with."), _("Choose your own PIN.")),
    AgentCode.PIN_UNSET: (_("The key has no PIN yet."), _("Choose your own PIN.")),
    AgentCode.PIN_WRONG: (_("Wrong PIN. It was tried once only."), _("Try once more, slowly.")),
    AgentCode.PIN_LAST_TRY: (
        _("One more wrong PIN locks the key. The PIN was not sent to it."),
        _("If you are not sure, ask the key officer first."),
    ),
    AgentCode.PIN_NEEDED: (_("The PIN was not given."), ""),
    AgentCode.PIN_RULE: (_("This PIN cannot be used. Nothing was sent to the key."), _("Choose another one.")),
    AgentCode.UNLOCK_REFUSED: (
        _("Wrong unlock secret. It was tried once only."),
        _("Compare each character with the letter."),
    ),
    AgentCode.VALUE: (_("The key's test signature does not hold."), _REPLUG),
    AgentCode.UNEXPECTED: (_("Something went wrong in this program."), _ASK_DESK),
}
"""What stopped a light, and what to do: nothing was to be signed, so nothing is said of documents."""

FAULTS: Mapping[PinFault, str] = {
    PinFault.TOO_SHORT: _("Too short: at least {shortest} characters."),
    PinFault.TOO_LONG: _("Too long: at most {longest} characters."),
    PinFault.ALPHABET: _("Only Latin letters, digits and signs, without spaces. Is the keyboard in Arabic?"),
    PinFault.PUBLISHED: _("Makers print this one in their manuals. Choose another."),
    PinFault.ALL_EQUAL: _("All its characters are the same. Choose another."),
    PinFault.SEQUENCE: _("Its characters follow one another. Choose another."),
    PinFault.SAME: _("This is the one from before. Choose another."),
    PinFault.DIFFERENT: _("The two are not the same. Type both again."),
}


def stopped(language: Language, error: AgentError) -> tuple[str, str]:
    """What is wrong, and what to do, in that language."""
    said, fix = STOPPED.get(error.code, ("", ""))
    if not said:
        return sentence(language, error), ""
    return language.say(said, **_spelled(language, error.fields)), language.say(fix) if fix else ""


def _spelled(language: Language, fields: Mapping[str, object]) -> dict[str, object]:
    """Fields with their day in words; one that is lacking is a dash."""
    known: dict[str, object] = {"wanted": "–", "on": "–"}
    known |= {name: value for name, value in fields.items() if not isinstance(value, bool)}
    if known["on"] != "–":
        known["on"] = language.day(date.fromisoformat(str(known["on"])))
    return known


def remarked(language: Language, light: Light) -> str:
    """What a lit light says."""
    return "" if light.remark is None else language.say(REMARKS[light.remark], **_spelled(language, light.fields))


def refused_by(language: Language, light: Light) -> tuple[str, str]:
    """What a light that is not lit says, and the remedy; empty for one that only waits for those before it."""
    error = light.error
    if error is None:
        return "", ""
    if error.code is AgentCode.CONSENT and light.name is LightName.CERTIFICATE:
        return stopped(language, AgentError(AgentCode.OTHER_DEVICE, found="–", wanted="–"))
    if error.code is AgentCode.CONSENT:
        return language.say(_("not made yet")), language.say(_("Look again when you want to make it."))
    return stopped(language, error)


def fault_said(language: Language, fault: PinFault, rules: PinRules) -> str:
    """Why a new PIN is not taken."""
    return language.say(FAULTS[fault], shortest=rules.shortest, longest=rules.longest)
