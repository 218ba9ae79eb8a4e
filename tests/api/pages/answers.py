"""Answers of every kind, concluded from findings and facts as the service would."""

from dataclasses import replace
from datetime import UTC, date, datetime

from signer.verification.answer import Answer, Kind, MinutesAnswer, MissingMember
from signer.verification.conclusion import conclude
from signer.verification.etsi import Indication, SubIndication
from signer.verification.findings import (
    CertificateFacts,
    Coverage,
    FileFindings,
    FileForm,
    LaterChanges,
    Level,
    ProofSource,
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

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SIGNED = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
SIGNATURE = SignatureFindings(
    field="President",
    indication=Indication.TOTAL_PASSED,
    level=Level.B_LT,
    coverage=Coverage.ENTIRE_REVISION,
    later_changes=LaterChanges.LTA_UPDATES,
    changes_allowed=True,
    digest_algorithm="sha256",
    certificate=CertificateFacts(
        sha256="5f" * 32,
        serial="1f",
        subject="Ahmed El Alaoui",
        issuer="Khatam TEST issuing CA",
        not_before=SIGNED.replace(month=1),
        not_after=SIGNED.replace(year=2028),
        content_commitment=True,
    ),
    best_time=SIGNED,
    time_source=TimeSource.TIME_STAMP,
    revocation=RevocationFacts(
        status=RevocationStatus.GOOD, source=ProofSource.EMBEDDED_OCSP, this_update=SIGNED.replace(minute=6)
    ),
)
OFFICE = OfficeFacts(
    entitled=Entitled.YES,
    reason="office-current",
    function="president",
    body="06.117.01.03",
    body_ar="برشيد",
    body_fr="Berrechid",
)
SIGNER = SignerFacts(purpose=Purpose.SIGNATURE, name_ar="أحمد العلوي", name_latin="Ahmed El Alaoui", office=OFFICE)
DOCUMENT = DocumentFacts(
    reference="L26-0000123",
    kind=Kind.LICENCE,
    body="06.117.01.03",
    body_ar="برشيد",
    body_fr="Berrechid",
    match=Match.KEPT,
    title="Construction d’une villa R+1",
    applicant="Nadia Benjelloun",
    parcel="TF 53214/C",
    dated=date(2026, 11, 20),
    minutes=MinutesAnswer(complete=True),
)
FILE = FileFindings(
    sha256="3b" * 32, size=184_322, form=FileForm.READABLE, revisions=3, signatures=(SIGNATURE,), claims={}
)


def answer(
    document: DocumentFacts | None = DOCUMENT,
    signature: SignatureFindings = SIGNATURE,
    signer: SignerFacts = SIGNER,
    file: FileFindings = FILE,
) -> Answer:
    findings = replace(file, signatures=(signature,) if file.signatures else ())
    signers = (signer,) if file.signatures else ()
    return conclude(findings, RegisterFacts(signers=signers, document=document, rehearsal=True), at=AT)


def minutes() -> Answer:
    missing = MissingMember(
        body="AU-BERRECHID",
        body_ar="الوكالة الحضرية لبرشيد",
        body_fr="Agence urbaine de Berrechid",
        missing="signature",
    )
    people = (
        SIGNER,
        replace(
            SIGNER,
            name_ar="يوسف الإدريسي",
            name_latin="Youssef El Idrissi",
            office=replace(OFFICE, function="committee_member", body_fr="Province de Berrechid", body_ar="إقليم برشيد"),
        ),
    )
    facts = replace(
        DOCUMENT,
        kind=Kind.MINUTES,
        reference="P26-0000045",
        minutes=MinutesAnswer(complete=False, missing=(missing,)),
    )
    findings = replace(FILE, signatures=(SIGNATURE, replace(SIGNATURE, field="Member-06-117")))
    return conclude(findings, RegisterFacts(signers=people, document=facts, rehearsal=True), at=AT)


ANSWERS = {
    "good": answer(),
    "opinion": answer(replace(DOCUMENT, kind=Kind.OPINION, reference="A26-0000007")),
    "minutes": minutes(),
    "ended": answer(replace(DOCUMENT, ended_by="withdrawn", ended_since=date(2026, 11, 22))),
    "altered": answer(
        signature=replace(
            SIGNATURE,
            indication=Indication.TOTAL_FAILED,
            sub_indication=SubIndication.HASH_FAILURE,
            best_time=None,
            time_source=TimeSource.NONE,
        )
    ),
    "not-in-office": answer(
        None, signer=replace(SIGNER, office=replace(OFFICE, entitled=Entitled.NO, reason="office-ended"))
    ),
    "unsure": answer(
        None,
        signer=replace(SIGNER, office=replace(OFFICE, entitled=Entitled.UNKNOWN, reason="register-incomplete")),
    ),
    "unreadable": answer(None, file=FileFindings(sha256="00" * 32, size=12, form=FileForm.NOT_PDF)),
}
