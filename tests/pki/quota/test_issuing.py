"""Submitted, approved by a second person over the digest, issued once, written."""

import hashlib
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import func, select, update

from hsm.errors import DeviceUnavailable
from hsm.keys import SigningKey
from pki.ca.errors import CsrRefused, KeyAlreadyCertified
from pki.ca.issuance import Issuance
from pki.ca.tables import CertificateRow, IntentRow
from pki.journal.tables import EventRow
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalMissing,
    ApprovalUsed,
    CertificatesDiffer,
    OfficeNotCurrent,
    OrderStateRefused,
    PurchasesExhausted,
    RequestsMissing,
    SelfApproval,
)
from pki.quota.issuing import approve_issuance, confirm_written, issue_certificates
from pki.quota.kinds import Book, OrderState
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.submitting import submit_requests
from pki.quota.tables import AgreementBook, IssuanceRequest
from pki.records import OrderId, Records
from pki.registration.offices import end_office
from tests.pki.ca.estate import ADDRESSES, csr
from tests.pki.estate import BERRECHID, OFFICER, PROTECTION, SECOND, SYSTEM, T0
from tests.pki.quota.estate import DEVICE, Bureau, p256


def purchases(bureau: Bureau, order: OrderId) -> int:
    with bureau.records.reading() as session:
        return sum(line.change for line in ledger(session, order=order) if line.account.value == "used")


def test_two_certificates_one_seat_one_purchase(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    prepared = sqlite_bureau.submit(order)
    assert [each.purpose for each in prepared.certificates] == ["signature", "authentication"]
    sqlite_bureau.approve(order)
    issued = sqlite_bureau.issue(order)
    assert {each.purpose.value for each in issued} == {"signature", "authentication"}
    for certificate, announced in zip(
        sorted(issued, key=lambda each: each.purpose.value, reverse=True), prepared.certificates, strict=True
    ):
        parsed = x509.load_der_x509_certificate(certificate.der)
        assert hashlib.sha256(parsed.tbs_certificate_bytes).hexdigest() == announced.tbs_sha256
        assert certificate.serial == announced.serial
    assert sqlite_bureau.seats() == (1, 0)
    assert purchases(sqlite_bureau, order) == 1
    sqlite_bureau.books_balance()


def test_signature_only_device(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    sqlite_bureau.submit(order, both=False)
    sqlite_bureau.approve(order)
    assert [each.purpose.value for each in sqlite_bureau.issue(order)] == ["signature"]


def test_rsa_key(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    sqlite_bureau.submit(order, csr(rsa.generate_private_key(65537, 2048)))
    sqlite_bureau.approve(order)
    assert len(sqlite_bureau.issue(order)) == 2


def test_approver_reads_no_national_id(sqlite_bureau: Bureau) -> None:
    """It is masked in what is shown, whole in what is signed, and the look at it is journalled."""
    order = sqlite_bureau.requested()
    prepared = sqlite_bureau.submit(order)
    assert all("IDCMA-BE••••" in each.subject for each in prepared.certificates)
    with sqlite_bureau.records.reading() as session:
        holder = sqlite_bureau.view(order).holder
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"holder:{holder}")).all()
    assert "holder.national-id-read" in kinds


def test_same_requests_get_the_same_answer(sqlite_bureau: Bureau) -> None:
    order, signature, authentication = sqlite_bureau.requested(), csr(), csr()

    def send() -> str:
        return submit_requests(
            sqlite_bureau.records,
            sqlite_bureau.issuance,
            PROTECTION,
            order=order,
            signature_csr=signature,
            authentication_csr=authentication,
            device=DEVICE,
            by=sqlite_bureau.himself(order),
            at=T0,
        ).digest

    first = send()
    assert send() == first
    sqlite_bureau.approve(order)
    assert send() == first
    with sqlite_bureau.records.reading() as session:
        assert session.scalar(select(func.count()).select_from(IntentRow).where(IntentRow.order_id == order)) == 2


def test_other_requests_take_the_earlier_ones_place(bureau: Bureau) -> None:
    """And a key given up so may be sent again; the approval must be for what stands."""
    order, key = bureau.requested(), p256()
    first = bureau.submit(order, csr(key))
    second = bureau.submit(order)
    assert bureau.view(order).issuance == second
    with pytest.raises(ApprovalDigestDiffers) as refused:
        approve_issuance(bureau.records, order=order, digest=first.digest, by=SECOND, at=T0)
    assert refused.value.current == second.digest
    third = bureau.submit(order, csr(key))
    approve_issuance(bureau.records, order=order, digest=third.digest, by=SECOND, at=T0)
    with pytest.raises(OrderStateRefused):
        bureau.submit(order)


def test_certified_key_is_refused(bureau: Bureau) -> None:
    key = p256()
    first = bureau.requested()
    bureau.submit(first, csr(key))
    second = bureau.requested()
    with pytest.raises(KeyAlreadyCertified):
        bureau.submit(second, csr(key))
    assert bureau.view(second).issuance is None


def test_one_key_for_both_purposes_is_refused(sqlite_bureau: Bureau) -> None:
    order, request = sqlite_bureau.requested(), csr()
    with pytest.raises(KeyAlreadyCertified):
        submit_requests(
            sqlite_bureau.records,
            sqlite_bureau.issuance,
            PROTECTION,
            order=order,
            signature_csr=request,
            authentication_csr=request,
            device=DEVICE,
            by=sqlite_bureau.himself(order),
            at=T0,
        )
    assert sqlite_bureau.view(order).issuance is None


def test_failed_proof_of_possession(sqlite_bureau: Bureau) -> None:
    order, spoiled = sqlite_bureau.requested(), bytearray(csr())
    spoiled[-1] ^= 1
    with pytest.raises(CsrRefused):
        sqlite_bureau.submit(order, bytes(spoiled))
    assert sqlite_bureau.view(order).issuance is None


def test_nobody_approves_his_own_request(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    sqlite_bureau.submit(order)
    for himself in (OFFICER, sqlite_bureau.himself(order)):
        with pytest.raises(SelfApproval):
            sqlite_bureau.approve(order, by=himself)
    assert sqlite_bureau.view(order).state is OrderState.REQUESTED
    with pytest.raises(ApprovalMissing):
        sqlite_bureau.issue(order)


def test_approval_is_used_once(bureau: Bureau) -> None:
    order = bureau.approved()
    with pytest.raises(ApprovalUsed):
        bureau.approve(order)
    bureau.issue(order)
    with pytest.raises(ApprovalUsed):
        bureau.approve(order)
    assert purchases(bureau, order) == 1


@pytest.mark.parametrize("digest", ["0" * 64, ""])
def test_approval_of_something_else(sqlite_bureau: Bureau, digest: str) -> None:
    order = sqlite_bureau.requested()
    sqlite_bureau.submit(order)
    with pytest.raises(ApprovalDigestDiffers):
        approve_issuance(sqlite_bureau.records, order=order, digest=digest, by=SECOND, at=T0)
    assert sqlite_bureau.view(order).state is OrderState.REQUESTED


def test_nothing_to_approve(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.requested()
    with pytest.raises(RequestsMissing):
        approve_issuance(sqlite_bureau.records, order=order, digest="0" * 64, by=SECOND, at=T0)


def test_issuing_again_issues_nothing_more(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.approved()
    first = sqlite_bureau.issue(order)
    assert sqlite_bureau.issue(order) == first
    sqlite_bureau.confirm(order)
    assert sqlite_bureau.issue(order) == first
    assert purchases(sqlite_bureau, order) == 1


def test_issued_at_once_by_many(bureau: Bureau) -> None:
    order, outcomes = bureau.approved(), []
    start = threading.Barrier(6)

    def run() -> None:
        start.wait()
        try:
            outcomes.append(frozenset(each.sha256 for each in bureau.issue(order)))
        except Exception as error:  # noqa: BLE001
            outcomes.append(repr(error))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    issued = frozenset(each.sha256 for each in bureau.view(order).certificates)
    assert len(issued) == 2
    assert outcomes == [issued] * 6
    assert purchases(bureau, order) == 1
    assert bureau.view(order).state is OrderState.PERSONALISED
    bureau.books_balance()


class FailingKeyring:
    """A device that answers a number of times and is then gone."""

    def __init__(self, bureau: Bureau, answers: int) -> None:
        self._keys, self._left = bureau.keys, answers

    def key(self, role: str) -> SigningKey:
        if self._left == 0:
            raise DeviceUnavailable
        self._left -= 1
        return self._keys.key(role)


@pytest.mark.parametrize("answers", [0, 1])
def test_device_gone_on_the_way(sqlite_bureau: Bureau, answers: int) -> None:
    """Before the first certificate, between the two: the next run goes on, the purchase is booked once."""
    order = sqlite_bureau.approved()
    broken = Issuance(keyring=FailingKeyring(sqlite_bureau, answers), addresses=ADDRESSES, environment="rehearsal")
    with pytest.raises(DeviceUnavailable):
        issue_certificates(sqlite_bureau.records, broken, order=order, by=SYSTEM, at=T0)
    assert sqlite_bureau.view(order).state is OrderState.APPROVED
    assert len(sqlite_bureau.view(order).certificates) == answers
    with pytest.raises(OrderStateRefused):
        cancel_key(sqlite_bureau.records, order=order, reason="r", by=OFFICER, at=T0)
    assert len(sqlite_bureau.issue(order)) == 2
    assert sqlite_bureau.view(order).state is OrderState.PERSONALISED
    assert purchases(sqlite_bureau, order) == 1
    sqlite_bureau.books_balance()


def test_altered_intent_is_not_issued(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.approved()
    with sqlite_bureau.records.writing() as session:
        tbs = session.scalars(select(IntentRow.tbs).where(IntentRow.order_id == order)).first()
        assert tbs is not None
        other = tbs.replace(b"Ahmed", b"Hamed")
        session.execute(
            update(IntentRow)
            .where(IntentRow.order_id == order, IntentRow.tbs == tbs)
            .values(tbs=other, tbs_sha256=hashlib.sha256(other).hexdigest())
        )
    with pytest.raises(ApprovalDigestDiffers):
        sqlite_bureau.issue(order)
    assert sqlite_bureau.view(order).certificates == ()
    assert purchases(sqlite_bureau, order) == 0


def test_altered_summary_is_not_issued(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.approved()
    with sqlite_bureau.records.writing() as session:
        kept = session.scalars(select(IssuanceRequest.certificates).where(IssuanceRequest.order_id == order)).one()
        other = kept.replace(sqlite_bureau.view(order).issuance.certificates[0].serial, "ff")  # type: ignore[union-attr]
        session.execute(update(IssuanceRequest).where(IssuanceRequest.order_id == order).values(certificates=other))
    with pytest.raises(ApprovalDigestDiffers):
        sqlite_bureau.issue(order)


def test_purchases_exhausted(bureau: Bureau) -> None:
    order = bureau.approved()

    def grant(purchases: int) -> None:
        with bureau.records.writing() as session:
            session.execute(update(AgreementBook).values(purchases_granted=purchases))

    grant(0)
    with pytest.raises(PurchasesExhausted):
        bureau.issue(order)
    assert bureau.view(order).state is OrderState.APPROVED
    assert bureau.view(order).certificates == ()
    grant(6000)
    assert len(bureau.issue(order)) == 2
    bureau.books_balance()


def _end(records: Records, bureau: Bureau, order: OrderId) -> None:
    end_office(
        records,
        office=bureau.view(order).office,
        ends_on=T0.date(),
        reason="resigned",
        deed="PV",
        by=OFFICER,
        at=T0,
    )


def test_office_ended_on_the_way(sqlite_bureau: Bureau) -> None:
    """Before the requests, before the approval, before the issue: each stops."""
    requested, submitted, approved = sqlite_bureau.requested(), sqlite_bureau.requested(), sqlite_bureau.approved()
    sqlite_bureau.submit(submitted)
    for order in (requested, submitted, approved):
        _end(sqlite_bureau.records, sqlite_bureau, order)
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.submit(requested)
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.approve(submitted)
    with pytest.raises(OfficeNotCurrent):
        sqlite_bureau.issue(approved)
    with sqlite_bureau.records.reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(CertificateRow).where(CertificateRow.order_id.is_not(None)))
            == 0
        )


def test_written_certificates_must_be_the_issued_ones(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.approved()
    with pytest.raises(OrderStateRefused):
        confirm_written(sqlite_bureau.records, order=order, certificates=[], by=SYSTEM, at=T0)
    issued = [each.sha256 for each in sqlite_bureau.issue(order)]
    for wrong in ([], issued[:1], [*issued, "0" * 64]):
        with pytest.raises(CertificatesDiffer):
            confirm_written(sqlite_bureau.records, order=order, certificates=wrong, by=SYSTEM, at=T0)
    assert sqlite_bureau.view(order).state is OrderState.PERSONALISED
    for _ in range(2):
        confirm_written(sqlite_bureau.records, order=order, certificates=issued, by=SYSTEM, at=T0)
    assert sqlite_bureau.view(order).state is OrderState.DELIVERED


def test_purchase_is_on_the_payers_account(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.active()
    with sqlite_bureau.records.reading() as session:
        lines = [line for line in ledger(session, order=order) if line.book is Book.PURCHASE]
    assert {line.body_code for line in lines} == {BERRECHID}
