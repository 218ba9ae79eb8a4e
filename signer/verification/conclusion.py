"""The verdict: a pure function of what a worker found and what the register knows (design 8).

Order of reasons: whatever shows the file not to be authentic comes before whatever we cannot tell, and within
each the order of `Reason`. Of several signatures the worst speaks. Only when none speaks is the force looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .answer import (
    Answer,
    CertificateAnswer,
    DocumentAnswer,
    Effect,
    Kind,
    LicenceAnswer,
    OfficeAnswer,
    Reason,
    RevocationAnswer,
    SignatureAnswer,
    SignerName,
    TimeAnswer,
    Verdict,
)
from .etsi import Indication, SubIndication
from .findings import KEY_USAGE, Coverage, FileFindings, FileForm, SignatureFindings
from .register import DocumentFacts, Entitled, Match, Purpose, RegisterFacts, SignerFacts
from .sentences import say

_NOT, _UNSURE = Verdict.NOT_AUTHENTIC, Verdict.CANNOT_TELL
_ORDER = {reason: number for number, reason in enumerate(Reason)}
_SEVERITY = {Verdict.NOT_AUTHENTIC: 0, Verdict.CANNOT_TELL: 1}

Finding = tuple[Verdict, Reason]

_FORMS: dict[FileForm, Finding] = {
    FileForm.EMPTY: (_UNSURE, Reason.UNREADABLE),
    FileForm.NOT_PDF: (_UNSURE, Reason.UNREADABLE),
    FileForm.MALFORMED: (_UNSURE, Reason.UNREADABLE),
    FileForm.ENCRYPTED: (_UNSURE, Reason.ENCRYPTED),
    FileForm.TOO_LARGE: (_UNSURE, Reason.TOO_COMPLEX),
    FileForm.TOO_COMPLEX: (_UNSURE, Reason.TOO_COMPLEX),
}

JUDGED: dict[SubIndication, Finding] = {
    SubIndication.FORMAT_FAILURE: (_NOT, Reason.ALTERED),
    SubIndication.HASH_FAILURE: (_NOT, Reason.ALTERED),
    SubIndication.SIG_CRYPTO_FAILURE: (_NOT, Reason.ALTERED),
    SubIndication.SIGNED_DATA_NOT_FOUND: (_NOT, Reason.ALTERED),
    SubIndication.NO_SIGNING_CERTIFICATE_FOUND: (_NOT, Reason.UNKNOWN_SIGNER),
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: (_NOT, Reason.UNKNOWN_SIGNER),
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE: (_NOT, Reason.UNKNOWN_SIGNER),
    SubIndication.CHAIN_CONSTRAINTS_FAILURE: (_NOT, Reason.WRONG_CERTIFICATE_KIND),
    SubIndication.EXPIRED: (_NOT, Reason.CERTIFICATE_NOT_VALID),
    SubIndication.NOT_YET_VALID: (_NOT, Reason.CERTIFICATE_NOT_VALID),
    SubIndication.REVOKED: (_NOT, Reason.REVOKED),
    # Revoked, and the proven time is not before the revocation; without a proven time it becomes NO_TIME_PROOF.
    SubIndication.REVOKED_NO_POE: (_NOT, Reason.REVOKED),
    SubIndication.REVOKED_CA_NO_POE: (_UNSURE, Reason.STATUS_UNAVAILABLE),
    SubIndication.TRY_LATER: (_UNSURE, Reason.STATUS_UNAVAILABLE),
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE: (_UNSURE, Reason.WEAK_ALGORITHM),
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: (_UNSURE, Reason.WEAK_ALGORITHM),
    SubIndication.NO_POE: (_UNSURE, Reason.NO_TIME_PROOF),
    SubIndication.OUT_OF_BOUNDS_NO_POE: (_UNSURE, Reason.NO_TIME_PROOF),
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED: (_UNSURE, Reason.NO_TIME_PROOF),
    SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE: (_UNSURE, Reason.NO_TIME_PROOF),
    SubIndication.TIMESTAMP_ORDER_FAILURE: (_UNSURE, Reason.NO_TIME_PROOF),
    SubIndication.SIG_CONSTRAINTS_FAILURE: (_UNSURE, Reason.NOT_UNDERSTOOD),
    SubIndication.POLICY_PROCESSING_ERROR: (_UNSURE, Reason.NOT_UNDERSTOOD),
    SubIndication.SIGNATURE_POLICY_NOT_AVAILABLE: (_UNSURE, Reason.NOT_UNDERSTOOD),
}
"""What each sub-indication alone means for the verdict; a test keeps it total."""

_KEY_USAGE = SubIndication.CHAIN_CONSTRAINTS_FAILURE
_MAY_NOT = frozenset({"function-may-not", "act-not-of-body"})
"""Reasons of the register that speak of the function, not of the person."""
_NO_POWER = frozenset({"power-ended", "no-power", "not-current-affairs", "council-suspended"})
"""He was in an office, and nothing on record let it sign this."""
_POWER_IN_DOUBT = frozenset({"power-ended-recorded-later", "replaced"})
_ENDS = {
    "annulled": Reason.ANNULLED,
    "withdrawn": Reason.WITHDRAWN,
    "superseded": Reason.SUPERSEDED,
    "lapsed": Reason.LAPSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """Verdict and reason, before they are dressed for the reader."""

    verdict: Verdict
    reason: Reason


def conclude(findings: FileFindings, register: RegisterFacts, *, at: datetime) -> Answer:
    """Join both halves into an answer as of `at`. Total: every combination has an answer."""
    concluded = weigh(findings, register)
    kind = _kind(findings, register)
    document = _document(findings, register.document, kind)
    signatures = tuple(
        _signature(each, facts) for each, facts in zip(findings.signatures, register.signers, strict=True)
    )
    licence = _licence(register.document) if _authentic(concluded.verdict) else None
    return Answer(
        verdict=concluded.verdict,
        reason=concluded.reason,
        kind=kind,
        effect=_effect(concluded.verdict, kind),
        document=document,
        signatures=signatures,
        minutes=register.document.minutes if register.document else None,
        licence=licence,
        sentences=say(concluded.verdict, concluded.reason, document=document, signatures=signatures, licence=licence),
        rehearsal=register.rehearsal,
        verified_at=at,
    )


def weigh(findings: FileFindings, register: RegisterFacts) -> Conclusion:
    """Verdict and reason alone."""
    reasons = list(_against(findings, register))
    if reasons:
        verdict, reason = min(reasons, key=lambda each: (_SEVERITY[each[0]], _ORDER[each[1]]))
        return Conclusion(verdict=verdict, reason=reason)
    document = register.document
    assert document is not None  # `_against` speaks when there is none
    if document.kind.has_force and document.ended_by is not None:
        return Conclusion(verdict=Verdict.AUTHENTIC_NOT_IN_FORCE, reason=_ENDS[document.ended_by])
    if document.kind is Kind.MINUTES and document.minutes is not None and not document.minutes.complete:
        return Conclusion(verdict=Verdict.AUTHENTIC, reason=Reason.MINUTES_INCOMPLETE)
    if document.kind is Kind.REPORT:
        return Conclusion(verdict=Verdict.AUTHENTIC, reason=Reason.SEALED)
    return Conclusion(verdict=Verdict.AUTHENTIC, reason=Reason.IN_FORCE if document.kind.has_force else Reason.SIGNED)


def _against(findings: FileFindings, register: RegisterFacts) -> Iterator[Finding]:
    """Everything that speaks against AUTHENTIC, in no order."""
    if findings.form in _FORMS:
        yield _FORMS[findings.form]
    elif not findings.signatures:
        yield _NOT, Reason.NO_SIGNATURE
    for signature, signer in zip(findings.signatures, register.signers, strict=True):
        sealed = _is_seal_of_report(register, signer)
        if not _fits(register, signer):
            yield _NOT, Reason.WRONG_CERTIFICATE_KIND
        yield from _against_file(signature, sealed=sealed)
        yield from _against_signer(signature, signer)
        if not sealed:
            yield from _against_office(signature, signer)
    if register.document is None:
        # THREAT: a good signature of an entitled president under a number that he never used.
        # DEFENCE: a reference in our series that the register does not hold speaks against the file.
        # TEST: tests/signer/verification/test_conclusion.py::test_reference_not_in_register
        yield (
            (_NOT, Reason.REFERENCE_NOT_IN_REGISTER)
            if register.claims_our_series
            else (
                _UNSURE,
                Reason.UNKNOWN_DOCUMENT,
            )
        )
    elif register.document.match is Match.DIFFERENT:
        yield _NOT, Reason.DIFFERS_FROM_REGISTER


def _fits(register: RegisterFacts, signer: SignerFacts) -> bool:
    """Whether a certificate of that purpose may be on the document at all: a seal on a report, on nothing else."""
    # THREAT: the organisation's seal on a paper passes for the signature of a president.
    # DEFENCE: a seal counts on the very bytes of a report that the register keeps, and is called a seal there.
    # TEST: tests/signer/verification/test_seals.py
    return signer.purpose is not Purpose.OTHER and (signer.purpose is Purpose.SEAL) is _is_report(register)


def _is_seal_of_report(register: RegisterFacts, signer: SignerFacts) -> bool:
    kept = register.document is not None and register.document.match is Match.KEPT
    return kept and _is_report(register) and signer.purpose is Purpose.SEAL


def _is_report(register: RegisterFacts) -> bool:
    return register.document is not None and register.document.kind is Kind.REPORT


def _against_file(signature: SignatureFindings, *, sealed: bool) -> Iterator[Finding]:
    """Did this signature cover what is there? Of a seal, no commitment to content is asked (EN 319 412-3)."""
    lacks_commitment = (signature.sub_indication, signature.detail) == (_KEY_USAGE, KEY_USAGE)
    if signature.indication is not Indication.TOTAL_PASSED and not (sealed and lacks_commitment):
        finding = JUDGED[signature.sub_indication] if signature.sub_indication else (_UNSURE, Reason.NOT_UNDERSTOOD)
        if signature.sub_indication is SubIndication.REVOKED_NO_POE and signature.best_time is None:
            finding = (_UNSURE, Reason.NO_TIME_PROOF)
        yield finding
        if finding[1] is Reason.ALTERED:
            return
    if signature.coverage not in {Coverage.ENTIRE_FILE, Coverage.ENTIRE_REVISION}:
        yield _NOT, Reason.ALTERED
    elif not signature.changes_allowed:
        yield _NOT, Reason.CONTENT_ADDED
    if signature.best_time is None:
        yield _UNSURE, Reason.NO_TIME_PROOF


def _against_signer(signature: SignatureFindings, signer: SignerFacts) -> Iterator[Finding]:
    """Was this key one that may sign, then?"""
    time = signature.best_time
    if time is None:
        return
    revoked = [each for each in (signer.revoked_at, signature.revocation.revoked_at) if each is not None]
    if revoked and time >= min(revoked):
        yield _NOT, Reason.REVOKED
    if signer.blocked_at is not None and time >= signer.blocked_at:
        yield _NOT, Reason.SIGNED_AFTER_BLOCK
    elif signer.lost_since is not None and time >= signer.lost_since:
        yield _UNSURE, Reason.SIGNED_BETWEEN_LOST_AND_BLOCKED


def _against_office(signature: SignatureFindings, signer: SignerFacts) -> Iterator[Finding]:
    """Was the person entitled? `no` needs a recorded act; all else is not known."""
    office = signer.office
    if office is None:
        if signature.best_time is not None:
            yield _UNSURE, Reason.REGISTER_INCOMPLETE
    elif office.entitled is Entitled.NO:
        yield _NOT, _refused(office.reason)
    elif office.entitled is Entitled.UNKNOWN:
        yield _UNSURE, _doubted(office.reason)


def _refused(reason: str) -> Reason:
    if reason in _NO_POWER:
        return Reason.NO_POWER
    return Reason.FUNCTION_MAY_NOT if reason in _MAY_NOT else Reason.NOT_IN_OFFICE


def _doubted(reason: str) -> Reason:
    if reason in _POWER_IN_DOUBT:
        return Reason.POWER_IN_DOUBT
    later = reason == Reason.OFFICE_ENDED_RECORDED_LATER
    return Reason.OFFICE_ENDED_RECORDED_LATER if later else Reason.REGISTER_INCOMPLETE


def _authentic(verdict: Verdict) -> bool:
    return verdict in {Verdict.AUTHENTIC, Verdict.AUTHENTIC_NOT_IN_FORCE}


def _effect(verdict: Verdict, kind: Kind) -> Effect:
    if verdict is Verdict.AUTHENTIC_NOT_IN_FORCE:
        return Effect.NOT_IN_FORCE
    return Effect.IN_FORCE if verdict is Verdict.AUTHENTIC and kind.has_force else Effect.NONE


def _kind(findings: FileFindings, register: RegisterFacts) -> Kind:
    if register.document is not None:
        return register.document.kind
    claimed = findings.claims.get("kind", "")
    return Kind(claimed) if claimed in set(Kind) else Kind.UNKNOWN


def _document(findings: FileFindings, facts: DocumentFacts | None, kind: Kind) -> DocumentAnswer:
    claims = findings.claims
    return DocumentAnswer(
        sha256=findings.sha256,
        size=findings.size,
        revisions=findings.revisions,
        reference=facts.reference if facts else claims.get("reference"),
        kind=kind,
        body=facts.body if facts else claims.get("body_code"),
        body_ar=facts.body_ar if facts else None,
        body_fr=facts.body_fr if facts else None,
        title=facts.title if facts else None,
        applicant=facts.applicant if facts else None,
        parcel=facts.parcel if facts else None,
        date=facts.dated if facts else None,
    )


def _licence(facts: DocumentFacts | None) -> LicenceAnswer | None:
    if facts is None or not facts.kind.has_force:
        return None
    return LicenceAnswer(status=facts.ended_by or "in_force", since=facts.ended_since)


def _signature(findings: SignatureFindings, signer: SignerFacts) -> SignatureAnswer:
    certificate, office = findings.certificate, signer.office
    name = signer.name_latin or (certificate.subject if certificate else None)
    return SignatureAnswer(
        field=findings.field,
        indication=findings.indication,
        sub_indication=findings.sub_indication,
        detail=findings.detail,
        level=findings.level,
        coverage=findings.coverage,
        later_changes=findings.later_changes,
        changes_allowed=findings.changes_allowed,
        digest_algorithm=findings.digest_algorithm,
        signer=SignerName(name_ar=signer.name_ar, name_latin=name) if name else None,
        certificate=CertificateAnswer(issuer=certificate.issuer, sha256=certificate.sha256) if certificate else None,
        office=None
        if office is None
        else OfficeAnswer(
            function=office.function,
            body=office.body,
            body_ar=office.body_ar,
            body_fr=office.body_fr,
            entitled=office.entitled.value,
            reason=office.reason,
            article=office.article,
            chain=office.chain,
            power=office.power,
        ),
        time=TimeAnswer(at=findings.best_time, source=findings.time_source),
        revocation=RevocationAnswer(
            status=findings.revocation.status,
            source=findings.revocation.source,
            this_update=findings.revocation.this_update,
            revoked_at=findings.revocation.revoked_at,
        ),
    )
