"""A seal is a seal: on the report that the register keeps, and nowhere a president's signature."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from signer.verification.answer import Kind, Reason, Verdict
from signer.verification.conclusion import conclude
from signer.verification.etsi import Indication, SubIndication
from signer.verification.findings import KEY_USAGE
from signer.verification.register import DocumentFacts, Match, Purpose, RegisterFacts, SignerFacts
from tests.signer.verification.estate import DAY, T0
from tests.signer.verification.test_conclusion import DOCUMENT, FILE, SIGNATURE, SIGNER

SEAL = replace(
    SIGNATURE,
    field="seal",
    indication=Indication.INDETERMINATE,
    sub_indication=SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    detail=KEY_USAGE,
)
REPORT = DocumentFacts(
    reference="C-ABABABABABAB", kind=Kind.REPORT, body="06.117", match=Match.KEPT, dated=date(2026, 11, 27)
)
SEALER = SignerFacts(purpose=Purpose.SEAL)


def concluded(document: DocumentFacts | None, signer: SignerFacts, **signature: Any) -> tuple[Verdict, Reason]:
    file = replace(FILE, signatures=(replace(SEAL, **signature),))
    answer = conclude(file, RegisterFacts(signers=(signer,), document=document), at=T0 + DAY)
    return answer.verdict, answer.reason


def test_a_sealed_report() -> None:
    file = replace(FILE, signatures=(SEAL,))
    answer = conclude(file, RegisterFacts(signers=(SEALER,), document=REPORT), at=T0 + DAY)
    assert (answer.verdict, answer.reason) == (Verdict.AUTHENTIC, Reason.SEALED)
    assert answer.sentences.fr.startswith("Ceci est le rapport d’un comité")
    assert "cachet" in answer.sentences.fr
    assert "ليس توقيع رئيس" in answer.sentences.ar


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.REPORT])
@pytest.mark.parametrize("passed", [True, False])
def test_a_seal_is_no_signature_of_anything_else(kind: Kind, passed: bool) -> None:
    more: dict[str, Any] = {"indication": Indication.TOTAL_PASSED, "sub_indication": None} if passed else {}
    found = concluded(replace(DOCUMENT, kind=kind), replace(SIGNER, purpose=Purpose.SEAL), **more)
    assert found == (Verdict.NOT_AUTHENTIC, Reason.WRONG_CERTIFICATE_KIND)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.SEAL])
def test_nothing_but_a_seal_makes_a_report(purpose: Purpose) -> None:
    found = concluded(REPORT, replace(SIGNER, purpose=purpose), indication=Indication.TOTAL_PASSED, sub_indication=None)
    assert found == (Verdict.NOT_AUTHENTIC, Reason.WRONG_CERTIFICATE_KIND)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"sub_indication": SubIndication.HASH_FAILURE, "detail": None}, Reason.ALTERED),
        ({"detail": None}, Reason.WRONG_CERTIFICATE_KIND),
        ({"changes_allowed": False}, Reason.CONTENT_ADDED),
        ({"sub_indication": SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "detail": None}, Reason.UNKNOWN_SIGNER),
    ],
)
def test_what_a_seal_is_not_forgiven(more: dict[str, Any], expected: Reason) -> None:
    assert concluded(REPORT, SEALER, **more) == (Verdict.NOT_AUTHENTIC, expected)


def test_other_bytes_under_a_report() -> None:
    verdict, _ = concluded(replace(REPORT, match=Match.DIFFERENT), SEALER)
    assert verdict is Verdict.NOT_AUTHENTIC


def test_a_revoked_seal() -> None:
    assert concluded(REPORT, replace(SEALER, revoked_at=T0)) == (Verdict.NOT_AUTHENTIC, Reason.REVOKED)
