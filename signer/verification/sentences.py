"""An answer in words, from one catalogue: the verdict is never made from these texts."""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from babel.dates import format_date

from pki.records import civil_day

from .answer import DocumentAnswer, Kind, LicenceAnswer, PowerAnswer, Reason, Sentences, SignatureAnswer, Verdict

LANGUAGES = {"ar": "ar_MA", "fr": "fr_MA", "en": "en_GB"}
_ISOLATE, _END = "\u2068", "\u2069"


def say(
    verdict: Verdict,
    reason: Reason,
    *,
    document: DocumentAnswer,
    signatures: Sequence[SignatureAnswer],
    licence: LicenceAnswer | None,
) -> Sentences:
    """The sentence of this verdict and reason in the three languages; first, what a kind is not."""
    last = signatures[-1] if signatures else None
    since = licence.since if licence else None

    def sentence(language: str) -> str:
        text: str = _catalogue()[verdict.value][reason.value][language]
        text = text.format(
            who=_who(last, language),
            when=day(civil_day(last.time.at) if last and last.time.at else None, language),
            since=day(since, language),
            reference=_isolated(document.reference, language) or _unknown("reference", language),
        )
        notice = notice_of(document.kind, language)
        return f"{notice} {text}" if notice else text

    return Sentences(ar=sentence("ar"), fr=sentence("fr"), en=sentence("en"))


def notice_of(kind: Kind, language: str) -> str:
    """What a document of this kind is not; empty for a licence and for what is unknown."""
    return str(_catalogue()["notice"].get(kind.value, {}).get(language, ""))


def function_name(function: str | None, language: str) -> str:
    """An office's function in words; empty when it has none here."""
    return str(_catalogue()["functions"].get(function or "", {}).get(language, ""))


def power_name(power: PowerAnswer | None, language: str) -> str:
    """By what recorded act somebody signed in another's place: `by delegation no. 12/2026 of 1 April 2026`."""
    if power is None:
        return ""
    text: str = _catalogue()["powers"][power.kind][language]
    return text.format(number=power.number, day=day(power.since, language))


def day(value: date | None, language: str) -> str:
    """A civil day spelled out: `3 juillet 2026`."""
    if value is None:
        return _unknown("day", language)
    return format_date(value, "d MMMM y", locale=LANGUAGES[language])


def has_sentence(verdict: Verdict, reason: Reason) -> bool:
    """Whether the catalogue knows the pair in every language."""
    return set(_catalogue()[verdict.value].get(reason.value, {})) == set(LANGUAGES)


@cache
def _catalogue() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("sentences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _unknown(what: str, language: str) -> str:
    return str(_catalogue()["unknown"][what][language])


def _isolated(text: str | None, language: str) -> str:
    """Text of another direction, fenced so that it does not turn an Arabic sentence around."""
    if not text:
        return ""
    return f"{_ISOLATE}{text}{_END}" if language == "ar" else text


def _who(signature: SignatureAnswer | None, language: str) -> str:
    if signature is None or signature.signer is None:
        return _unknown("who", language)
    signer, office = signature.signer, signature.office
    name = (signer.name_ar if language == "ar" else None) or signer.name_latin
    function = function_name(office.function, language) if office else ""
    power = power_name(office.power, language) if office else ""
    body = ((office.body_ar if language == "ar" else office.body_fr) or office.body) if office else ""
    comma = "، " if language == "ar" else ", "
    return comma.join(_isolated(each, language) for each in (name, function, body, power) if each)
