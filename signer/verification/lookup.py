"""What the register knows of a file, gathered in one read session. Steps: they take a Session and change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord, certificate_by_sha256
from pki.ca.profile import CertificatePurpose
from pki.quota.rollout.made import MadeReport, sealed_report
from pki.records import DocumentId, HolderId, civil_day
from pki.registration.entitlement import entitlement
from pki.registration.kinds import ActKind
from pki.registration.tables import Body, Holder
from signer.dossiers.documents import fields
from signer.dossiers.kinds import DocumentKind, MemberState
from signer.dossiers.licence_status import licence_force
from signer.dossiers.references import is_reference
from signer.dossiers.standing import small_project
from signer.dossiers.tables import Decision, Document, DocumentField, Dossier, MinutesEntry, Revision

from .answer import Kind, MinutesAnswer, MissingMember, PowerAnswer
from .findings import FileFindings, SignatureFindings
from .register import (
    DocumentFacts,
    Entitled,
    Match,
    OfficeFacts,
    Purpose,
    RegisterFacts,
    SignerFacts,
)
from .standing import KeyStanding, key_standing


def register_facts(session: Session, findings: FileFindings, *, rehearsal: bool, at: datetime) -> RegisterFacts:
    """Everything that the register says of the file, as recorded up to `at`."""
    if (report := sealed_report(session, findings.sha256)) is not None:
        return _report_facts(session, report, findings, rehearsal=rehearsal)
    found = find_document(session, findings)
    own_fields = {} if found is None else {each.name: each for each in fields(session, DocumentId(found.id))}
    signers = tuple(
        signer_facts(session, each, findings, document=found, field=own_fields.get(each.field), at=at)
        for each in findings.signatures
    )
    return RegisterFacts(
        signers=signers,
        document=None if found is None else document_facts(session, found, findings, at=at),
        claims_our_series=is_reference(findings.claims.get("reference", "")),
        rehearsal=rehearsal,
    )


def _report_facts(session: Session, report: MadeReport, findings: FileFindings, *, rehearsal: bool) -> RegisterFacts:
    """A committee's report: these very bytes are the ones that were sealed. Nobody's office is asked for."""
    numbers = report.plain()
    return RegisterFacts(
        signers=tuple(_sealer(session, each) for each in findings.signatures),
        document=DocumentFacts(
            reference=report.reference,
            kind=Kind.REPORT,
            body=report.territory,
            body_ar=numbers["name_ar"],
            body_fr=numbers["name_fr"],
            match=Match.KEPT,
            title=report.month,
            dated=civil_day(report.made_at),
        ),
        rehearsal=rehearsal,
    )


def _sealer(session: Session, signature: SignatureFindings) -> SignerFacts:
    if signature.certificate is None:
        return SignerFacts()
    record = certificate_by_sha256(session, signature.certificate.sha256)
    standing = KeyStanding() if record is None else key_standing(session, record, signed_at=signature.best_time)
    return SignerFacts(purpose=_purpose(record), revoked_at=standing.revoked_at)


def find_document(session: Session, findings: FileFindings) -> Document | None:
    """The document of a file: by a signed revision that the register holds, else by the reference it gives itself."""
    digests = [findings.sha256, *(each.revision_sha256 for each in findings.signatures if each.revision_sha256)]
    asked = select(Document).join(Revision, Revision.document_id == Document.id).where(Revision.sha256.in_(digests))
    found = session.scalars(asked.limit(1)).first()
    if found is None and is_reference(findings.claims.get("reference", "")):
        found = session.scalar(select(Document).where(Document.reference == findings.claims["reference"]))
    return found


def document_facts(session: Session, document: Document, findings: FileFindings, *, at: datetime) -> DocumentFacts:
    """What the register says of the document, and whether this file is one of its revisions."""
    dossier = None if document.dossier_id is None else session.get(Dossier, document.dossier_id)
    body_ar, body_fr = _body_names(session, document.body_code)
    kind = Kind(document.kind.value)
    force = licence_force(session, DocumentId(document.id), at=at, known_at=at) if kind.has_force else None
    return DocumentFacts(
        reference=document.reference,
        kind=kind,
        body=document.body_code,
        body_ar=body_ar,
        body_fr=body_fr,
        match=_match(session, document, findings.signatures),
        title=dossier.title if dossier else document.title,
        applicant=dossier.applicant if dossier else None,
        parcel=dossier.parcel if dossier else None,
        dated=None if document.completed_at is None else civil_day(document.completed_at),
        minutes=_minutes(session, document, findings.signatures),
        ended_by=None if force is None or force.status is None else force.status.value,
        ended_since=None if force is None else force.since,
    )


def signer_facts(
    session: Session,
    signature: SignatureFindings,
    findings: FileFindings,
    *,
    document: Document | None,
    field: DocumentField | None,
    at: datetime,
) -> SignerFacts:
    """What the register says of the maker of one signature: the certificate's holder, his office then, his key."""
    if signature.certificate is None:
        return SignerFacts()
    record = certificate_by_sha256(session, signature.certificate.sha256)
    holder = None if record is None or record.holder is None else session.get(Holder, record.holder)
    standing = KeyStanding() if record is None else key_standing(session, record, signed_at=signature.best_time)
    body_code = field.body_code if field else document.body_code if document else findings.claims.get("body_code")
    act = _act(document, findings)
    office = None
    if signature.best_time is not None and body_code is not None and act is not None:
        known = None if holder is None else HolderId(holder.id)
        small = None if document is None else small_project(session, document)
        office = office_facts(session, known, body_code, act, small=small, signed_at=signature.best_time, at=at)
    return SignerFacts(
        purpose=_purpose(record),
        name_ar=holder.name_ar if holder else None,
        name_latin=holder.name_latin if holder else None,
        office=office,
        blocked_at=standing.blocked_at,
        lost_since=standing.lost_since,
        revoked_at=standing.revoked_at,
    )


def office_facts(
    session: Session,
    holder: HolderId | None,
    body_code: str,
    act: ActKind,
    *,
    small: bool | None = None,
    signed_at: datetime,
    at: datetime,
) -> OfficeFacts:
    """Entitlement at the best signature time, by what is on record now.

    :param small: whether the dossier is a small project; None: not known.
    """
    answer = entitlement(
        session, holder=holder, body_code=body_code, act=act, at=signed_at, known_at=at, small_project=small
    )
    power = answer.power
    body_ar, body_fr = _body_names(session, body_code)
    return OfficeFacts(
        entitled=Entitled(answer.answer.value),
        reason=answer.reason.value,
        function=None if answer.function is None else answer.function.value,
        body=body_code,
        body_ar=body_ar,
        body_fr=body_fr,
        article=answer.article,
        chain=answer.chain,
        power=None if power is None else PowerAnswer(kind=power.kind.value, number=power.number, since=power.starts_on),
    )


def _purpose(record: CertificateRecord | None) -> Purpose:
    if record is None:
        return Purpose.UNRECORDED
    known = {CertificatePurpose.SIGNATURE: Purpose.SIGNATURE, CertificatePurpose.SEAL: Purpose.SEAL}
    return known.get(record.purpose, Purpose.OTHER)


def _act(document: Document | None, findings: FileFindings) -> ActKind | None:
    if document is not None:
        return document.kind.act
    claimed = findings.claims.get("kind", "")
    return ActKind(claimed) if claimed in set(ActKind) else None


def _body_names(session: Session, code: str) -> tuple[str | None, str | None]:
    row = session.execute(select(Body.name_ar, Body.name_fr).where(Body.code == code)).one_or_none()
    return (None, None) if row is None else (row.name_ar, row.name_fr)


def _match(session: Session, document: Document, signatures: Sequence[SignatureFindings]) -> Match:
    """KEPT when every signature closes a revision that the register holds."""
    # THREAT: an entitled president's good signature on other words than those the register holds under that number.
    # DEFENCE: each signed revision must be one of the document's own, by its digest.
    # TEST: tests/signer/verification/test_lookup.py::test_other_bytes_under_a_known_reference
    asked = select(Revision.sha256).where(Revision.document_id == document.id)
    kept = set(session.scalars(asked))
    return Match.KEPT if all(each.revision_sha256 in kept for each in signatures) else Match.DIFFERENT


def _minutes(session: Session, document: Document, signatures: Sequence[SignatureFindings]) -> MinutesAnswer | None:
    """Of minutes: what this very file lacks. Of a licence or refusal: what its minutes lack in the register."""
    if document.kind is DocumentKind.MINUTES:
        signed = {each.field for each in signatures}
        lacking = [each.body_code for each in fields(session, DocumentId(document.id)) if each.name not in signed]
        return _gaps(session, document.id, lacking)
    decision = session.get(Decision, document.id)
    if decision is None or decision.minutes_id is None:
        return None
    lacking = [each.body_code for each in fields(session, DocumentId(decision.minutes_id)) if each.signed_at is None]
    return _gaps(session, decision.minutes_id, lacking)


def _gaps(session: Session, minutes: UUID, unsigned: Sequence[str]) -> MinutesAnswer:
    """Complete: all who were present have signed. A member noted without opinion is a gap that is named."""
    entries = session.scalars(
        select(MinutesEntry).where(MinutesEntry.document_id == minutes).order_by(MinutesEntry.body_code)
    )
    silent = [each.body_code for each in entries if each.state is MemberState.NONE]
    missing = [*((code, "signature") for code in unsigned), *((code, "opinion") for code in silent)]
    return MinutesAnswer(complete=not unsigned, missing=tuple(_missing(session, code, what) for code, what in missing))


def _missing(session: Session, code: str, what: str) -> MissingMember:
    body_ar, body_fr = _body_names(session, code)
    return MissingMember(body=code, body_ar=body_ar or code, body_fr=body_fr or code, missing=what)
