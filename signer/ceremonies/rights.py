"""Whether this person may sign this document now: the document's rules, his office, his key. Steps only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pki.quota.holding import HeldCertificate, signing_certificate
from pki.records import HolderId, OfficeId
from pki.registration.entitlement import Answer, Entitlement, entitlement
from signer.ceremonies.errors import KeyChanged, NotEntitled
from signer.dossiers.documents import field_for
from signer.dossiers.kinds import DocumentKind
from signer.dossiers.signable import refuse_unsignable
from signer.dossiers.standing import small_project
from signer.dossiers.tables import Document, DocumentField


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPower:
    """The delegation or finding by which a signer signs in another's place."""

    id: UUID
    kind: str
    number: str
    since: date
    principal: str
    """Function of the office in whose place he signs; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Proof that a signer may sign, at one instant: his office, his function, by what power, his certificate."""

    office: OfficeId
    function: str
    body_code: str
    power: SigningPower | None
    """None: by his own office."""
    certificate: HeldCertificate

    @property
    def capacity(self) -> tuple[UUID, UUID | None]:
        """What must stay the same from the opening to the signature."""
        return self.office, None if self.power is None else self.power.id


def accept_signer(
    session: Session, *, document: Document, signer: HolderId, at: datetime
) -> tuple[DocumentField, Rights]:
    """Return the field he is to sign and his rights, or refuse.

    :raise DossierError: the document may not be signed now, or not by him.
    :raise NotEntitled: the register says no, or does not know.
    :raise NoUsableKey: no active, unblocked signature key.
    :raise KeyChanged: the acceptance of another key than the one he would sign with.
    """
    own = field_for(session, document, signer)
    refuse_unsignable(session, document, at=at)
    rights = accept_rights(session, document=document, body_code=own.body_code, signer=signer, at=at)
    if document.order_id is not None and rights.certificate.order != document.order_id:
        raise KeyChanged
    return own, rights


def accept_rights(session: Session, *, document: Document, body_code: str, signer: HolderId, at: datetime) -> Rights:
    """The signer's own side alone: office and key.

    :raise NotEntitled: the register says no, or does not know.
    :raise NoUsableKey: no active, unblocked signature key.
    """
    # THREAT: a president out of office, or a thief with a key reported lost, signs a licence.
    # DEFENCE: office and key are asked when the ceremony opens, when the value comes, and before its time-stamp.
    # TEST: tests/signer/ceremonies/test_values.py::test_key_blocked_between_prepare_and_value
    entitled = entitlement(
        session,
        holder=signer,
        body_code=body_code,
        act=document.kind.act,
        at=at,
        small_project=small_project(session, document),
    )
    if entitled.answer is not Answer.YES or entitled.office is None or entitled.function is None:
        raise NotEntitled(
            document.reference, entitled.answer.value, entitled.reason, entitled.article, ended_on=entitled.ends_on
        )
    accepting = document.kind is DocumentKind.KEY_ACCEPTANCE
    certificate = signing_certificate(session, holder=signer, at=at, accepting=accepting)
    return Rights(
        office=entitled.office,
        function=entitled.function.value,
        body_code=body_code,
        power=_power(entitled),
        certificate=certificate,
    )


def _power(entitled: Entitlement) -> SigningPower | None:
    power = entitled.power
    if power is None:
        return None
    return SigningPower(
        id=power.id,
        kind=power.kind.value,
        number=power.number,
        since=power.starts_on,
        principal=entitled.principal,
    )
