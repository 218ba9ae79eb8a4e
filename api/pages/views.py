"""An answer as a page shows it: the state's icon and colour, the facts to compare, the lines about each signature."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.languages import Language
from signer.verification.answer import Answer, Kind, Reason, SignatureAnswer, Verdict
from signer.verification.etsi import Indication
from signer.verification.sentences import function_name

STATES = {
    Verdict.AUTHENTIC: "good",
    Verdict.AUTHENTIC_NOT_IN_FORCE: "ended",
    Verdict.NOT_AUTHENTIC: "bad",
    Verdict.CANNOT_TELL: "unsure",
}
"""Each has its icon, its word and its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line to compare with the paper. `code`: a reference, written left to right in every language."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """Who signed, in which office, when; and whether this signature is good."""

    good: bool
    name: str
    other_name: str | None
    function: str
    body: str
    time: str | None
    signature: SignatureAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything the result page needs, in one language."""

    state: str
    headline: str
    sentence: str
    facts: tuple[Fact, ...]
    signatures: tuple[SignatureLine, ...]
    advice: tuple[str, ...]
    missing: tuple[str, ...]
    verified_at: str
    answer: Answer


def view_of(answer: Answer, language: Language) -> View:
    """Dress `answer` for a reader of `language`."""
    return View(
        state="ended" if answer.reason is Reason.MINUTES_INCOMPLETE else STATES[answer.verdict],
        headline=_headline(answer, language),
        sentence=str(getattr(answer.sentences, language.code)),
        facts=tuple(_facts(answer, language)),
        signatures=tuple(_line(each, language) for each in answer.signatures),
        advice=_advice(answer, language),
        missing=tuple(_missing(answer, language)),
        verified_at=language.instant(answer.verified_at),
        answer=answer,
    )


def kind_name(kind: Kind, language: Language) -> str:
    """A kind of document in words."""
    _ = language.words.gettext
    return {
        Kind.LICENCE: _("Licence"),
        Kind.REFUSAL: _("Refusal"),
        Kind.OPINION: _("Opinion"),
        Kind.MINUTES: _("Minutes"),
        Kind.KEY_ACCEPTANCE: _("Acceptance of a key"),
        Kind.REPORT: _("Report of a committee"),
        Kind.DELEGATION: _("Deed of delegation"),
        Kind.UNKNOWN: _("Document"),
    }[kind]


def _headline(answer: Answer, language: Language) -> str:
    _ = language.words.gettext
    licence = answer.kind is Kind.LICENCE
    if answer.verdict is Verdict.AUTHENTIC and answer.reason is Reason.MINUTES_INCOMPLETE:
        return _("Authentic, but incomplete")
    return {
        Verdict.AUTHENTIC: _("Authentic licence, in force") if licence else _("Authentic document, not a licence"),
        Verdict.AUTHENTIC_NOT_IN_FORCE: _("Authentic, but no longer in force"),
        Verdict.NOT_AUTHENTIC: _("Do not rely on this document"),
        Verdict.CANNOT_TELL: _("We could not check this"),
    }[answer.verdict]


def _facts(answer: Answer, language: Language) -> list[Fact]:
    """What to hold beside the paper: shown only of documents that the register itself vouches for."""
    # THREAT: a real QR code, or a file's own words, glued to another document.
    # DEFENCE: facts come from the register, stand large, and only under an authentic verdict.
    # TEST: tests/api/pages/test_pages.py::test_facts_only_under_an_authentic_verdict
    if answer.verdict not in {Verdict.AUTHENTIC, Verdict.AUTHENTIC_NOT_IN_FORCE}:
        return []
    _, document = language.words.gettext, answer.document
    body = document.body_ar if language.code == "ar" else document.body_fr
    facts = [
        Fact(label=_("Kind"), value=kind_name(answer.kind, language)),
        Fact(label=_("Reference"), value=document.reference or "", code=True),
        Fact(label=_("Subject"), value=document.title or ""),
        Fact(label=_("Applicant"), value=document.applicant or ""),
        Fact(label=_("Plot"), value=document.parcel or ""),
        Fact(label=_("Body"), value=body or document.body or ""),
        Fact(label=_("Signed on"), value=language.day(document.date) if document.date else ""),
    ]
    if answer.licence is not None:
        since = language.day(answer.licence.since) if answer.licence.since else ""
        status = _status(answer.licence.status, language)
        facts.append(Fact(label=_("Status"), value=f"{status} · {since}" if since else status))
    return [fact for fact in facts if fact.value]


def _status(status: str, language: Language) -> str:
    _ = language.words.gettext
    words = {
        "in_force": _("in force"),
        "withdrawn": _("withdrawn"),
        "annulled": _("annulled"),
        "superseded": _("superseded"),
        "lapsed": _("lapsed"),
    }
    return words.get(status, status)


def _line(signature: SignatureAnswer, language: Language) -> SignatureLine:
    _, office = language.words.gettext, signature.office
    arabic = language.code == "ar"
    names = [signature.signer.name_ar, signature.signer.name_latin] if signature.signer else [None, None]
    first, second = names if arabic else names[::-1]
    body = (office.body_ar if arabic else office.body_fr) or office.body if office else ""
    return SignatureLine(
        good=signature.indication is Indication.TOTAL_PASSED and signature.changes_allowed,
        name=first or second or _("a person not identified"),
        other_name=second if first else None,
        function=function_name(office.function, language.code) if office else "",
        body=body,
        time=language.instant(signature.time.at) if signature.time.at else None,
        signature=signature,
    )


def _advice(answer: Answer, language: Language) -> tuple[str, ...]:
    _ = language.words.gettext
    if answer.verdict is Verdict.AUTHENTIC:
        return (
            _("Compare these facts with the paper in your hand, line by line."),
            _("If one differs, do not rely on the paper."),
        )
    if answer.verdict is Verdict.AUTHENTIC_NOT_IN_FORCE:
        return (
            _("Do not build, sell or lend on the strength of this document."),
            _("Ask the commune which decision is in force now."),
        )
    if answer.verdict is Verdict.NOT_AUTHENTIC:
        return (
            _("Do not rely on this document."),
            _("Ask the commune for the document under its reference, and check that one."),
            _("Tell the commune where this document came from."),
        )
    return (
        _("This says nothing against the document: something that we need to conclude is missing."),
        _("Ask the commune, or check the document by its reference."),
    )


def _missing(answer: Answer, language: Language) -> list[str]:
    if answer.minutes is None:
        return []
    _ = language.words.gettext
    what = {"signature": _("has not signed"), "opinion": _("has given no opinion")}
    return [
        f"{each.body_ar if language.code == 'ar' else each.body_fr}: {what.get(each.missing, each.missing)}"
        for each in answer.minutes.missing
    ]
