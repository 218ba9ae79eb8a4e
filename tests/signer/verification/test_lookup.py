"""The whole answer: real signatures, real register, one deviation each."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pki.ca.profile import CertificatePurpose
from signer.dossiers.errors import DocumentUnknown
from signer.dossiers.kinds import DocumentKind, LicenceStatusKind
from signer.dossiers.tables import LicenceStatus
from signer.verification.answer import Answer, Effect, Reason, Verdict
from signer.verification.workers import Workers
from tests.signer.verification.estate import CLAIMS, DAY, HOUR, T0, Estate, document, usage
from tests.signer.verification.registered import BASE, Registered, registered


@pytest.fixture
def house(tmp_path: Path, estate: Estate, workers: Workers) -> Iterator[Registered]:
    made = registered(tmp_path, estate, workers)
    yield made
    made.records.close()


@pytest.fixture(scope="module")
def signed(estate: Estate) -> bytes:
    return estate.sign(BASE, certify=True)


@pytest.fixture(scope="module")
def licence(estate: Estate, signed: bytes) -> bytes:
    captured = T0 + HOUR
    lists = (estate.crl(estate.root, captured, days=90), estate.crl(estate.issuing, captured))
    return estate.with_proofs(signed, estate.ocsp_response(estate.president, captured), crls=lists)


def verdict(answer: Answer) -> tuple[Verdict, Reason]:
    return answer.verdict, answer.reason


def test_licence_in_force_by_every_door(house: Registered, signed: bytes, licence: bytes) -> None:
    kept = house.keep(signed, licence)
    by_file = house.verifier.verify(licence, at=T0 + DAY)
    by_digest = house.verifier.verify_known(kept.head_sha256, at=T0 + DAY)
    check = house.check_key.characters("L26-0000123")
    by_name = house.verifier.verify_reference("L26-0000123", check, at=T0 + DAY)
    assert by_file == by_digest == by_name
    assert verdict(by_file) == (Verdict.AUTHENTIC, Reason.IN_FORCE)
    assert by_file.effect is Effect.IN_FORCE
    (signature,) = by_file.signatures
    assert signature.signer
    assert (signature.signer.name_ar, signature.signer.name_latin) == ("أحمد العلوي", "Ahmed El Alaoui")
    assert signature.office
    assert (signature.office.function, signature.office.entitled) == ("president", "yes")
    assert "BE123456" not in repr(by_file)


def test_an_earlier_revision_is_the_registers_too(house: Registered, signed: bytes, licence: bytes) -> None:
    house.keep(signed, licence)
    assert house.verifier.verify(signed, at=T0 + DAY).verdict is Verdict.AUTHENTIC


def test_unknown_digest_and_wrong_check(house: Registered, signed: bytes) -> None:
    house.keep(signed)
    for ask in (
        lambda: house.verifier.verify_known("0" * 64, at=T0),
        lambda: house.verifier.verify_reference("L26-0000123", "AAAA", at=T0),
        lambda: house.verifier.verify_reference("L26-0000999", "AAAA", at=T0),
    ):
        with pytest.raises(DocumentUnknown):
            ask()


def test_withdrawn(house: Registered, signed: bytes) -> None:
    kept = house.keep(signed)
    with house.records.writing() as session:
        session.add(
            LicenceStatus(
                document_id=kept.id,
                status=LicenceStatusKind.WITHDRAWN,
                in_effect=date(2026, 11, 4),
                deed="A",
                reason="B",
                recorded_at=T0 + HOUR,
                recorded_by="x",
            )
        )
    assert house.verifier.verify(signed, at=T0 + DAY).verdict is Verdict.AUTHENTIC
    answer = house.verifier.verify(signed, at=T0 + 3 * DAY)
    assert verdict(answer) == (Verdict.AUTHENTIC_NOT_IN_FORCE, Reason.WITHDRAWN)
    assert answer.licence
    assert (answer.licence.status, answer.licence.since) == ("withdrawn", date(2026, 11, 4))
    assert "4 novembre 2026" in answer.sentences.fr


def test_office_ended_and_known(house: Registered, signed: bytes) -> None:
    house.keep(signed)
    house.end_office(on=date(2026, 11, 2), recorded_at=T0 - HOUR)
    assert verdict(house.verifier.verify(signed, at=T0 + DAY)) == (Verdict.NOT_AUTHENTIC, Reason.NOT_IN_OFFICE)


def test_office_ended_recorded_later(house: Registered, signed: bytes) -> None:
    house.keep(signed)
    house.end_office(on=date(2026, 11, 2), recorded_at=T0 + HOUR)
    answer = house.verifier.verify(signed, at=T0 + DAY)
    assert verdict(answer) == (Verdict.CANNOT_TELL, Reason.OFFICE_ENDED_RECORDED_LATER)


def test_register_not_declared_complete(tmp_path: Path, estate: Estate, workers: Workers) -> None:
    """A good signature of somebody the register does not know, under a number from before our time."""
    house = registered(tmp_path, estate, workers, complete=False)
    somebody = estate.person("Omar Cherkaoui", "IDCMA-M678901")
    old = document({**CLAIMS, "reference": "ANCIEN-2024-17"}, field_names=("President",))
    answer = house.verifier.verify(estate.sign(old, somebody), at=T0 + DAY)
    assert verdict(answer) == (Verdict.CANNOT_TELL, Reason.REGISTER_INCOMPLETE)
    house.records.close()


def test_nobody_in_office_has_this_key(house: Registered, estate: Estate) -> None:
    somebody = estate.person("Somebody Else")
    old = document({**CLAIMS, "reference": "ANCIEN-2024-17"})
    answer = house.verifier.verify(estate.sign(old, somebody), at=T0 + DAY)
    assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.NOT_IN_OFFICE)


def test_good_signature_on_an_unknown_document(house: Registered, estate: Estate) -> None:
    old = document({**CLAIMS, "reference": "ANCIEN-2024-17"})
    answer = house.verifier.verify(estate.sign(old), at=T0 + DAY)
    assert verdict(answer) == (Verdict.CANNOT_TELL, Reason.UNKNOWN_DOCUMENT)


def test_reference_of_ours_that_the_register_does_not_hold(house: Registered, signed: bytes) -> None:
    answer = house.verifier.verify(signed, at=T0 + DAY)
    assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.REFERENCE_NOT_IN_REGISTER)


def test_other_bytes_under_a_known_reference(house: Registered, estate: Estate, signed: bytes) -> None:
    house.keep(signed)
    other = estate.sign(document(pages=2, field_names=("President",)))
    answer = house.verifier.verify(other, at=T0 + DAY)
    assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.DIFFERS_FROM_REGISTER)


def test_stranger_under_a_known_reference(house: Registered, signed: bytes) -> None:
    house.keep(signed)
    other = Estate()
    answer = house.verifier.verify(other.sign(BASE, chain=(other.issuing,)), at=T0 + DAY)
    assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.UNKNOWN_SIGNER)


def test_key_lost_and_blocked(house: Registered, estate: Estate, signed: bytes) -> None:
    house.keep(signed)
    house.block(blocked_at=T0 + HOUR, lost_since=T0 + 30 * HOUR / 60)
    assert house.verifier.verify(signed, at=T0 + DAY).verdict is Verdict.AUTHENTIC  # signed before the loss
    doubtful = estate.sign(BASE, at=T0 + 40 * HOUR / 60)
    late = estate.sign(BASE, at=T0 + HOUR)
    house.keep(doubtful, reference="L26-0000124")
    house.keep(late, reference="L26-0000125")
    answer = house.verifier.verify(doubtful, at=T0 + DAY)
    assert verdict(answer) == (Verdict.CANNOT_TELL, Reason.SIGNED_BETWEEN_LOST_AND_BLOCKED)
    assert verdict(house.verifier.verify(late, at=T0 + DAY)) == (Verdict.NOT_AUTHENTIC, Reason.SIGNED_AFTER_BLOCK)


def test_authentication_and_seal_certificates(house: Registered, estate: Estate) -> None:
    login = estate.person("Login", key_usage=usage(signature=True))
    seal = estate.person("Seal of the commune")
    house.certify(login, holder=house.holder, purpose=CertificatePurpose.AUTHENTICATION)
    house.certify(seal, holder=None, purpose=CertificatePurpose.SEAL)
    for number, party in enumerate((login, seal)):
        pdf = estate.sign(BASE, party)
        house.keep(pdf, reference=f"L26-000020{number}")
        answer = house.verifier.verify(pdf, at=T0 + DAY)
        assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.WRONG_CERTIFICATE_KIND)


def test_without_a_time_stamp_entitlement_cannot_be_told(house: Registered, estate: Estate) -> None:
    pdf = estate.sign(BASE, at=None)
    house.keep(pdf)
    answer = house.verifier.verify(pdf, at=T0 + DAY)
    assert verdict(answer) == (Verdict.CANNOT_TELL, Reason.NO_TIME_PROOF)
    assert answer.signatures[0].office is None


def test_a_refusal_has_no_force(house: Registered, signed: bytes) -> None:
    house.keep(signed, kind=DocumentKind.REFUSAL)
    answer = house.verifier.verify(signed, at=T0 + DAY)
    assert (answer.verdict, answer.effect) == (Verdict.AUTHENTIC, Effect.NONE)
    assert answer.sentences.fr.startswith("Ceci est une décision de refus, pas une autorisation.")


def test_altered_licence_of_ours(house: Registered, signed: bytes) -> None:
    house.keep(signed)
    changed = signed[:200] + bytes([signed[200] ^ 1]) + signed[201:]
    answer = house.verifier.verify(changed, at=T0 + DAY)
    assert verdict(answer) == (Verdict.NOT_AUTHENTIC, Reason.ALTERED)


def test_garbage_is_an_answer(house: Registered) -> None:
    assert house.verifier.verify(b"", at=T0).reason is Reason.UNREADABLE
