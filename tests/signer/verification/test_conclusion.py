"""The verdict table of the design, row by row, and its totality."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from signer.verification.answer import (
    Answer,
    Effect,
    Kind,
    MinutesAnswer,
    MissingMember,
    PowerAnswer,
    Reason,
    Verdict,
    as_plain,
)
from signer.verification.conclusion import JUDGED, conclude, weigh
from signer.verification.etsi import Indication, SubIndication
from signer.verification.findings import (
    CertificateFacts,
    Coverage,
    FileFindings,
    FileForm,
    LaterChanges,
    Level,
    RevocationFacts,
    RevocationStatus,
    SignatureFindings,
    TimeSource,
)
from signer.verification.register import (
    DocumentFacts,
    Entitled,
    Match,
    OfficeFacts,
    Purpose,
    RegisterFacts,
    SignerFacts,
)
from signer.verification.sentences import has_sentence
from tests.signer.verification.estate import DAY, HOUR, T0

SIGNATURE = SignatureFindings(
    field="President",
    indication=Indication.TOTAL_PASSED,
    level=Level.B_LT,
    coverage=Coverage.ENTIRE_REVISION,
    later_changes=LaterChanges.LTA_UPDATES,
    changes_allowed=True,
    certificate=CertificateFacts(
        sha256="c" * 64,
        serial="1",
        subject="A",
        issuer="Issuing TEST",
        not_before=T0 - DAY,
        not_after=T0 + DAY,
        content_commitment=True,
    ),
    best_time=T0,
    time_source=TimeSource.TIME_STAMP,
)
FILE = FileFindings(sha256="a" * 64, size=1, form=FileForm.READABLE, revisions=3, signatures=(SIGNATURE,))
OFFICE = OfficeFacts(
    entitled=Entitled.YES,
    reason="office-current",
    function="president",
    body="06.117.01.03",
    body_ar="برشيد",
    body_fr="Berrechid",
)
SIGNER = SignerFacts(purpose=Purpose.SIGNATURE, name_ar="أحمد العلوي", name_latin="Ahmed El Alaoui", office=OFFICE)
DOCUMENT = DocumentFacts(reference="L26-0000123", kind=Kind.LICENCE, body="06.117.01.03", match=Match.KEPT)
REGISTER = RegisterFacts(signers=(SIGNER,), document=DOCUMENT, claims_our_series=True)


def concluded(
    *,
    signature: dict[str, Any] | None = None,
    signer: dict[str, Any] | None = None,
    document: dict[str, Any] | None = None,
    **register: Any,
) -> Answer:
    file = replace(FILE, signatures=(replace(SIGNATURE, **(signature or {})),))
    facts = replace(
        REGISTER,
        signers=(replace(SIGNER, **(signer or {})),),
        document=replace(DOCUMENT, **(document or {})),
    )
    return conclude(file, replace(facts, **register), at=T0 + DAY)


def failing(indication: Indication, word: SubIndication, **more: Any) -> dict[str, Any]:
    return {"indication": indication, "sub_indication": word, **more}


FAILED, UNSURE = Indication.TOTAL_FAILED, Indication.INDETERMINATE
REVOKED = RevocationFacts(status=RevocationStatus.REVOKED, revoked_at=T0)
ROWS: list[tuple[Verdict, Reason, dict[str, Any]]] = [
    (Verdict.AUTHENTIC, Reason.IN_FORCE, {}),
    (Verdict.NOT_AUTHENTIC, Reason.ALTERED, {"signature": failing(FAILED, SubIndication.HASH_FAILURE)}),
    (Verdict.NOT_AUTHENTIC, Reason.ALTERED, {"signature": {"coverage": Coverage.UNCLEAR}}),
    (Verdict.NOT_AUTHENTIC, Reason.ALTERED, {"signature": {"coverage": Coverage.PARTIAL}}),
    (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED, {"signature": {"changes_allowed": False}}),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.UNKNOWN_SIGNER,
        {"signature": failing(UNSURE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, best_time=None)},
    ),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.WRONG_CERTIFICATE_KIND,
        {"signature": failing(UNSURE, SubIndication.CHAIN_CONSTRAINTS_FAILURE)},
    ),
    (Verdict.NOT_AUTHENTIC, Reason.WRONG_CERTIFICATE_KIND, {"signer": {"purpose": Purpose.OTHER}}),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.CERTIFICATE_NOT_VALID,
        {"signature": failing(FAILED, SubIndication.NOT_YET_VALID)},
    ),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.REVOKED,
        {"signature": failing(UNSURE, SubIndication.REVOKED_NO_POE, revocation=REVOKED)},
    ),
    (Verdict.NOT_AUTHENTIC, Reason.REVOKED, {"signature": {"revocation": REVOKED}}),
    (Verdict.NOT_AUTHENTIC, Reason.REVOKED, {"signer": {"revoked_at": T0 - HOUR}}),
    (Verdict.AUTHENTIC, Reason.IN_FORCE, {"signer": {"revoked_at": T0 + HOUR}}),
    (Verdict.NOT_AUTHENTIC, Reason.SIGNED_AFTER_BLOCK, {"signer": {"blocked_at": T0, "lost_since": T0 - DAY}}),
    (
        Verdict.CANNOT_TELL,
        Reason.SIGNED_BETWEEN_LOST_AND_BLOCKED,
        {"signer": {"blocked_at": T0 + timedelta(seconds=1), "lost_since": T0}},
    ),
    (
        Verdict.AUTHENTIC,
        Reason.IN_FORCE,
        {"signer": {"blocked_at": T0 + DAY, "lost_since": T0 + timedelta(seconds=1)}},
    ),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.NOT_IN_OFFICE,
        {"signer": {"office": replace(OFFICE, entitled=Entitled.NO, reason="office-ended")}},
    ),
    (
        Verdict.NOT_AUTHENTIC,
        Reason.FUNCTION_MAY_NOT,
        {"signer": {"office": replace(OFFICE, entitled=Entitled.NO, reason="function-may-not")}},
    ),
    (
        Verdict.CANNOT_TELL,
        Reason.OFFICE_ENDED_RECORDED_LATER,
        {"signer": {"office": replace(OFFICE, entitled=Entitled.UNKNOWN, reason="office-ended-recorded-later")}},
    ),
    *(
        (
            Verdict.NOT_AUTHENTIC,
            Reason.NO_POWER,
            {"signer": {"office": replace(OFFICE, entitled=Entitled.NO, reason=reason)}},
        )
        for reason in ("power-ended", "no-power", "not-current-affairs", "council-suspended")
    ),
    *(
        (
            Verdict.CANNOT_TELL,
            Reason.POWER_IN_DOUBT,
            {"signer": {"office": replace(OFFICE, entitled=Entitled.UNKNOWN, reason=reason)}},
        )
        for reason in ("power-ended-recorded-later", "replaced")
    ),
    (
        Verdict.CANNOT_TELL,
        Reason.REGISTER_INCOMPLETE,
        {"signer": {"office": replace(OFFICE, entitled=Entitled.UNKNOWN, reason="register-incomplete")}},
    ),
    (Verdict.CANNOT_TELL, Reason.REGISTER_INCOMPLETE, {"signer": {"office": None}}),
    (
        Verdict.CANNOT_TELL,
        Reason.NO_TIME_PROOF,
        {"signature": {"best_time": None, "level": Level.B_B}, "signer": {"office": None}},
    ),
    (
        Verdict.CANNOT_TELL,
        Reason.NO_TIME_PROOF,
        {"signature": failing(UNSURE, SubIndication.REVOKED_NO_POE, best_time=None)},
    ),
    (Verdict.CANNOT_TELL, Reason.STATUS_UNAVAILABLE, {"signature": failing(UNSURE, SubIndication.TRY_LATER)}),
    (
        Verdict.CANNOT_TELL,
        Reason.WEAK_ALGORITHM,
        {"signature": failing(UNSURE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)},
    ),
    (Verdict.NOT_AUTHENTIC, Reason.DIFFERS_FROM_REGISTER, {"document": {"match": Match.DIFFERENT}}),
    (
        Verdict.AUTHENTIC_NOT_IN_FORCE,
        Reason.WITHDRAWN,
        {"document": {"ended_by": "withdrawn", "ended_since": date(2026, 11, 3)}},
    ),
    (Verdict.AUTHENTIC_NOT_IN_FORCE, Reason.ANNULLED, {"document": {"ended_by": "annulled"}}),
    (Verdict.AUTHENTIC_NOT_IN_FORCE, Reason.SUPERSEDED, {"document": {"ended_by": "superseded"}}),
    (Verdict.AUTHENTIC_NOT_IN_FORCE, Reason.LAPSED, {"document": {"ended_by": "lapsed"}}),
    (Verdict.AUTHENTIC, Reason.SIGNED, {"document": {"kind": Kind.OPINION}}),
    (
        Verdict.AUTHENTIC,
        Reason.MINUTES_INCOMPLETE,
        {
            "document": {
                "kind": Kind.MINUTES,
                "minutes": MinutesAnswer(
                    complete=False,
                    missing=(MissingMember(body="x", body_ar="س", body_fr="X", missing="signature"),),
                ),
            }
        },
    ),
]


@pytest.mark.parametrize(("verdict", "reason", "case"), ROWS, ids=[f"{row[1]}-{n}" for n, row in enumerate(ROWS)])
def test_row(verdict: Verdict, reason: Reason, case: dict[str, Any]) -> None:
    answer = concluded(**case)
    assert (answer.verdict, answer.reason) == (verdict, reason)
    assert has_sentence(answer.verdict, answer.reason)


def test_reference_not_in_register() -> None:
    answer = conclude(FILE, replace(REGISTER, document=None), at=T0)
    assert (answer.verdict, answer.reason) == (Verdict.NOT_AUTHENTIC, Reason.REFERENCE_NOT_IN_REGISTER)


def test_unknown_document_of_another_series_is_not_red() -> None:
    answer = conclude(FILE, replace(REGISTER, document=None, claims_our_series=False), at=T0)
    assert (answer.verdict, answer.reason) == (Verdict.CANNOT_TELL, Reason.UNKNOWN_DOCUMENT)


def test_no_signature() -> None:
    answer = conclude(replace(FILE, signatures=()), replace(REGISTER, signers=()), at=T0)
    assert (answer.verdict, answer.reason) == (Verdict.NOT_AUTHENTIC, Reason.NO_SIGNATURE)


def test_of_several_signatures_the_worst_speaks() -> None:
    stranger = replace(SIGNATURE, indication=UNSURE, sub_indication=SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    file = replace(FILE, signatures=(SIGNATURE, stranger))
    answer = conclude(file, replace(REGISTER, signers=(SIGNER, SignerFacts())), at=T0)
    assert (answer.verdict, answer.reason) == (Verdict.NOT_AUTHENTIC, Reason.UNKNOWN_SIGNER)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {Kind.LICENCE, Kind.UNKNOWN}])
def test_other_kinds_say_first_that_they_are_no_licence(kind: Kind) -> None:
    answer = concluded(document={"kind": kind})
    assert answer.effect is Effect.NONE
    assert "pas une autorisation" in answer.sentences.fr.split(".")[0]
    assert "وليس رخصة" in answer.sentences.ar.split(".")[0]
    assert "not a licence" in answer.sentences.en.split(".")[0]


def test_an_opinion_is_named_as_the_design_words_it() -> None:
    assert concluded(document={"kind": Kind.OPINION}).sentences.ar.startswith("هذا رأي وليس رخصة")


def test_sentences_name_who_where_and_when() -> None:
    sentences = concluded().sentences
    assert "Ahmed El Alaoui, président du conseil, Berrechid le 2 novembre 2026" in sentences.fr
    assert "أحمد العلوي" in sentences.ar
    assert "2 نونبر 2026" in sentences.ar


def test_every_sub_indication_means_something() -> None:
    assert set(JUDGED) == set(SubIndication)


def test_total_over_all_combinations() -> None:
    """Whatever a worker finds and whatever the register knows, there is a verdict with its sentence."""
    signatures = [
        replace(
            SIGNATURE,
            indication=UNSURE if word else Indication.TOTAL_PASSED,
            sub_indication=word,
            best_time=time,
            coverage=coverage,
            changes_allowed=allowed,
        )
        for word, time, coverage, allowed in itertools.product(
            (None, *SubIndication), (None, T0), (Coverage.ENTIRE_REVISION, Coverage.UNCLEAR), (True, False)
        )
    ]
    offices = [None, *(replace(OFFICE, entitled=entitled) for entitled in Entitled)]
    signers = [
        SignerFacts(purpose=purpose, office=office, blocked_at=blocked)
        for purpose, office, blocked in itertools.product(Purpose, offices, (None, T0))
    ]
    documents = [
        None,
        *(
            replace(DOCUMENT, kind=kind, match=match, ended_by=ended)
            for kind, match, ended in itertools.product(
                (Kind.LICENCE, Kind.MINUTES), Match, (None, "withdrawn", "annulled", "superseded", "lapsed")
            )
        ),
    ]
    seen = set()
    for signature, signer, document in itertools.product(signatures, signers, documents):
        file = replace(FILE, signatures=(signature,))
        concluded_ = weigh(file, RegisterFacts(signers=(signer,), document=document, claims_our_series=True))
        seen.add((concluded_.verdict, concluded_.reason))
    assert all(has_sentence(*each) for each in seen)
    for form, claims in itertools.product(FileForm, (True, False)):
        answer = conclude(
            replace(FILE, form=form, signatures=()),
            replace(REGISTER, signers=(), document=None, claims_our_series=claims),
            at=T0,
        )
        assert answer.verdict in {Verdict.NOT_AUTHENTIC, Verdict.CANNOT_TELL}
        assert has_sentence(answer.verdict, answer.reason)
    assert {verdict for verdict, _ in seen} == set(Verdict)


def test_authentic_only_when_nothing_speaks_against() -> None:
    """AUTHENTIC has one shape: passed, covered, timed, entitled, kept."""
    for word, time, office, match in itertools.product(
        (None, *SubIndication),
        (None, T0),
        (None, *(replace(OFFICE, entitled=each) for each in Entitled)),
        Match,
    ):
        answer = concluded(
            signature={
                "indication": UNSURE if word else Indication.TOTAL_PASSED,
                "sub_indication": word,
                "best_time": time,
            },
            signer={"office": office},
            document={"match": match},
        )
        sound = word is None and time and office and office.entitled is Entitled.YES and match is Match.KEPT
        assert (answer.verdict is Verdict.AUTHENTIC) == bool(sound)


def test_words_for_a_court_do_not_occur() -> None:
    from importlib import resources

    text = resources.files("signer.verification").joinpath("sentences.toml").read_text(encoding="utf-8")
    sentences = "\n".join(line for line in text.splitlines() if not line.startswith("#")).casefold()
    for word in ("forged", "void", "faux", " nul ", " nulle", "falsifi", "مزور", "باطل"):
        assert word not in sentences


def test_the_plain_form_is_the_contract() -> None:
    plain = as_plain(concluded())
    assert plain["verdict"] == "AUTHENTIC"
    assert plain["signatures"][0]["time"] == {"at": "2026-11-02T10:00:00Z", "source": "time-stamp"}
    assert plain["licence"] == {"status": "in_force", "since": None}
    assert set(plain["sentences"]) == {"ar", "fr", "en"}


def test_the_answer_says_by_what_power() -> None:
    power = PowerAnswer(kind="delegation", number="12/2026", since=T0.date())
    chain = ("vice_president.1@06.117.01.03", "delegation:12/2026", "president@06.117.01.03")
    office = replace(OFFICE, function="vice_president", article="113-14 art. 103", chain=chain, power=power)
    answer = concluded(signer={"office": office})
    said = answer.signatures[0].office
    assert said is not None
    assert (said.power, said.chain, said.article) == (power, chain, "113-14 art. 103")
    assert "par délégation n° 12/2026" in answer.sentences.fr
    assert "by delegation no. 12/2026" in answer.sentences.en
    assert "بتفويض رقم" in answer.sentences.ar
