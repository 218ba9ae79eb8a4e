"""What the service says of a file when its register has nothing to object: the file alone speaks."""

from signer.verification.answer import Kind, Reason, Verdict
from signer.verification.conclusion import weigh
from signer.verification.findings import FileFindings
from signer.verification.inspection import inspect_bytes
from signer.verification.register import DocumentFacts, Entitled, Match, OfficeFacts, RegisterFacts, SignerFacts
from tests.signer.verification.estate import DAY, HOUR, T0, Estate

BODY = "06.117.01.03"
AUTHENTIC = (Verdict.AUTHENTIC, Reason.IN_FORCE)


def inspected(estate: Estate, pdf: bytes) -> FileFindings:
    return inspect_bytes(pdf, estate.trust(at=T0 + HOUR), T0 + DAY)


def judged(estate: Estate, pdf: bytes) -> tuple[Verdict, Reason]:
    findings = inspected(estate, pdf)
    office = OfficeFacts(entitled=Entitled.YES, reason="office-current", body=BODY)
    kept = DocumentFacts(reference="L26-0000123", kind=Kind.LICENCE, body=BODY, match=Match.KEPT)
    signers = tuple(SignerFacts(office=office) for _ in findings.signatures)
    concluded = weigh(findings, RegisterFacts(signers=signers, document=kept))
    return concluded.verdict, concluded.reason
