"""A register with one commune, its president and his licence; the bytes are the estate's."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import signer.dossiers.tables  # noqa: F401 - every table of the metadata
from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateOrigin, CertificateRow, IssuerKind, IssuerRow
from pki.records import Base, Records
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office, OfficeEnd, RegisterDeclaration
from pki.status.tables import BlockRow
from signer.dossiers.kinds import DocumentKind, DocumentState, Level
from signer.dossiers.references import CheckKey
from signer.dossiers.tables import Document, DocumentField, Revision
from signer.verification.trust import TrustConfiguration
from signer.verification.verifier import Verifier
from signer.verification.workers import Workers
from tests.signer.verification.estate import DAY, T0, Estate, Party, document

COMMUNE = "06.117.01.03"
LONG_AGO = T0 - 100 * DAY


class FolderFiles:
    """The Files port in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.path(sha256).write_bytes(content)
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        return self.folder / sha256


@dataclass
class Registered:
    """The register, and a verifier over it."""

    records: Records
    files: FolderFiles
    verifier: Verifier
    check_key: CheckKey
    estate: Estate
    body: UUID
    holder: UUID
    office: UUID
    order: UUID
    issuer: UUID

    def certify(self, party: Party, *, holder: UUID | None, purpose: CertificatePurpose) -> None:
        """Register a certificate."""
        with self.records.writing() as session:
            session.add(
                CertificateRow(
                    issuer_id=self.issuer,
                    order_id=self.order,
                    holder_id=holder,
                    purpose=purpose,
                    serial=f"{party.certificate.serial_number:x}",
                    der=party.der,
                    sha256=hashlib.sha256(party.der).hexdigest(),
                    spki_sha256=hashlib.sha256(party.der[::-1]).hexdigest(),
                    not_before=party.certificate.not_valid_before_utc,
                    not_after=party.certificate.not_valid_after_utc,
                    issued_at=LONG_AGO,
                    origin=CertificateOrigin.REGISTERED,
                )
            )

    def keep(
        self, *revisions: bytes, reference: str = "L26-0000123", kind: DocumentKind = DocumentKind.LICENCE
    ) -> Document:
        """Register a signed document and keep its revisions."""
        digests = [self.files.put(each) for each in revisions]
        with self.records.writing() as session:
            kept = Document(
                id=uuid4(),
                reference=reference,
                kind=kind,
                body_code=COMMUNE,
                title="Villa R+1",
                state=DocumentState.SIGNED,
                rendered=True,
                head_number=len(digests),
                head_sha256=digests[-1],
                drafted_at=T0 - DAY,
                drafted_by="rokhas",
                completed_at=T0,
            )
            session.add(kept)
            session.flush()
            for number, (sha256, content) in enumerate(zip(digests, revisions, strict=True), start=1):
                session.add(
                    Revision(
                        document_id=kept.id,
                        number=number,
                        sha256=sha256,
                        size=len(content),
                        level=Level.B_T,
                        field="President" if number == 1 else None,
                        signer_id=self.holder,
                        made_at=T0,
                    )
                )
            session.add(
                DocumentField(
                    document_id=kept.id,
                    name="President",
                    body_code=COMMUNE,
                    signer_id=self.holder,
                    revision_number=1,
                    signed_at=T0,
                )
            )
            return kept

    def end_office(self, *, on: date, recorded_at: datetime) -> None:
        """Record the end of the president's office."""
        with self.records.writing() as session:
            session.add(
                OfficeEnd(
                    office_id=self.office,
                    ends_on=on,
                    reason="resignation",
                    deed="PV",
                    recorded_at=recorded_at,
                    recorded_by="x",
                )
            )

    def block(self, *, blocked_at: datetime, lost_since: datetime | None = None) -> None:
        """Block the president's key."""
        with self.records.writing() as session:
            session.add(
                BlockRow(
                    order_id=self.order,
                    reported_at=blocked_at,
                    lost_since=lost_since,
                    blocked_at=blocked_at,
                    reason="lost",
                )
            )


def registered(folder: Path, estate: Estate, workers: Workers, *, complete: bool = True) -> Registered:
    """Build the register in `folder`; `complete`: the commune's register is declared so."""
    records = Records.open(f"sqlite+pysqlite:///{folder / 'records.sqlite'}")
    Base.metadata.create_all(records.writing_engine)
    files = FolderFiles(folder)
    check_key = CheckKey(bytes(range(32)))

    def trust(_session: object, at: datetime) -> TrustConfiguration:
        return estate.trust(at=at)

    verifier = Verifier(records=records, files=files, workers=workers, trust=trust, check_key=check_key, rehearsal=True)
    made = Registered(records, files, verifier, check_key, estate, uuid4(), uuid4(), uuid4(), uuid4(), uuid4())
    with records.writing() as session:
        session.add(Body(id=made.body, code=COMMUNE, kind=BodyKind.COMMUNE, name_fr="Berrechid", name_ar="برشيد"))
        session.add(
            Holder(
                id=made.holder,
                name_ar="أحمد العلوي",
                name_latin="Ahmed El Alaoui",
                cin_encrypted=b"x",
                cin_hash="h",
                enrolled_at=LONG_AGO,
            )
        )
        session.add(
            IssuerRow(
                id=made.issuer,
                name="Issuing TEST",
                kind=IssuerKind.EXTERNAL,
                certificate=estate.issuing.der,
                created_at=LONG_AGO,
            )
        )
        session.flush()
        session.add(
            Office(
                id=made.office,
                holder_id=made.holder,
                body_id=made.body,
                function=OfficeFunction.PRESIDENT,
                starts_on=date(2021, 10, 1),
                deed="PV",
                recorded_at=LONG_AGO,
                recorded_by="x",
            )
        )
        if complete:
            declared = RegisterDeclaration(
                body_id=made.body, complete_from=date(2021, 9, 24), recorded_at=LONG_AGO, recorded_by="x"
            )
            session.add(declared)
    made.certify(estate.president, holder=made.holder, purpose=CertificatePurpose.SIGNATURE)
    return made


BASE = document(field_names=("President",))
