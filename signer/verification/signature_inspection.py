"""One signature of one document: coverage, AdES validation by the level found, certificate, time, status."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import cms
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.status import SignatureCoverageLevel

from .ades import Outcome, time_stamp_token, validate
from .byte_ranges import SignedRange, sound_range
from .continuation import AFTER_LAST_SIGNATURE, whole_increments_follow
from .etsi import Indication, Judgement, SubIndication, failed, indeterminate
from .findings import (
    KEY_USAGE,
    CertificateFacts,
    Coverage,
    LaterChanges,
    ProofSource,
    RevocationFacts,
    RevocationStatus,
    SignatureFindings,
    TimeSource,
)
from .masking import masked
from .proofs import Proofs, level_found, revocation_facts
from .trust import TrustConfiguration
from .trust_preparation import prepared_trust

_COVERAGE = {
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.ENTIRE_FILE,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.ENTIRE_REVISION,
    SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START: Coverage.PARTIAL,
    SignatureCoverageLevel.UNCLEAR: Coverage.UNCLEAR,
}
_CHANGES = {
    ModificationLevel.NONE: LaterChanges.NONE,
    ModificationLevel.LTA_UPDATES: LaterChanges.LTA_UPDATES,
    ModificationLevel.FORM_FILLING: LaterChanges.FORM_FILLING,
    ModificationLevel.ANNOTATIONS: LaterChanges.ANNOTATIONS,
    ModificationLevel.OTHER: LaterChanges.OTHER,
}
_REVOKED = frozenset({SubIndication.REVOKED, SubIndication.REVOKED_NO_POE})
BYTE_RANGE = "byte-range"
UNLISTED = "unlisted"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is read once for all signatures of a file."""

    pdf: bytes
    reader: Any
    embedded: Proofs
    archive_stamps: tuple[tuple[int, datetime], ...]
    """(revision, genTime) of each document time-stamp."""
    last_end: int
    """Where the last signature's bytes end: nobody has signed what follows."""


def inspect_signature(document: Document, signature: Any, trust: TrustConfiguration, at: datetime) -> SignatureFindings:
    """Judge one signature. Whatever its bytes hold, a finding comes back."""
    field = masked(str(signature.field_name))
    signed = sound_range(document.pdf, tuple(int(each) for each in signature.byte_range))
    if signed is None or signed.contents(document.pdf) != signature.pkcs7_content:
        return _failure(field, failed(SubIndication.FORMAT_FAILURE, BYTE_RANGE))
    try:
        return _inspect(document, signature, signed, field=field, trust=trust, at=at)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - hostile bytes: what cannot be read is a format failure
        value = hashlib.sha256(signature.signer_info["signature"].native).hexdigest()
        return replace(_failure(field, failed(SubIndication.FORMAT_FAILURE, UNREADABLE)), value_sha256=value)


def unlisted_signature(pdf: bytes, signed: SignedRange) -> SignatureFindings | None:
    """A signature found in the bytes only: altered if its digest differs, else hidden. None: no signature there."""
    signer_info = _signer_info(signed.contents(pdf))
    if signer_info is None:
        return None
    try:
        algorithm = signer_info["digest_algorithm"]["algorithm"].native
        attributes = {each["type"].native: each["values"] for each in signer_info["signed_attrs"]}
        intact = attributes["message_digest"][0].native == signed.digest(pdf, algorithm)
    except Exception:  # noqa: BLE001 - hostile bytes
        intact = False
    return _broken(signer_info, SubIndication.FORMAT_FAILURE if intact else SubIndication.HASH_FAILURE)


def loose_signature(value: bytes) -> SignatureFindings | None:
    """A signature value that nothing in the file points at any more. None: it is not one."""
    signer_info = _signer_info(value)
    return None if signer_info is None else _broken(signer_info, SubIndication.FORMAT_FAILURE)


def _signer_info(contents: bytes) -> Any | None:
    try:
        signed_data = cms.ContentInfo.load(contents)["content"]
        if signed_data["encap_content_info"]["content_type"].native != "data":
            return None
        (signer_info,) = signed_data["signer_infos"]
        assert isinstance(signer_info["signature"].native, bytes)
    except Exception:  # noqa: BLE001 - bytes that only look like a signature
        return None
    return signer_info


def _broken(signer_info: Any, word: SubIndication) -> SignatureFindings:
    value = hashlib.sha256(signer_info["signature"].native).hexdigest()
    return replace(_failure("", failed(word, UNLISTED)), value_sha256=value)


def unreadable_signature() -> SignatureFindings:
    """A signature field whose signature cannot be read at all."""
    return _failure("", failed(SubIndication.FORMAT_FAILURE, UNREADABLE))


def _failure(field: str, judgement: Judgement) -> SignatureFindings:
    return SignatureFindings(
        field=field,
        indication=judgement.indication,
        sub_indication=judgement.sub_indication,
        detail=judgement.detail,
    )


def _inspect(
    document: Document, signature: Any, signed: SignedRange, *, field: str, trust: TrustConfiguration, at: datetime
) -> SignatureFindings:
    prepared = prepared_trust(trust)
    certificate = signature.signer_cert
    gen_time = _time_stamp(signature)
    later_stamps = [time for revision, time in document.archive_stamps if revision > signature.signed_revision]
    level = level_found(certificate, document.embedded, gen_time=gen_time, archive_times=later_stamps)
    last = signed.end >= document.last_end
    signature.compute_integrity_info(diff_policy=AFTER_LAST_SIGNATURE if last else None)
    changes, allowed = _later_changes(signature)  # now: the validation below compares again, by its own policy
    if last and not whole_increments_follow(document.pdf, signed.end):
        changes, allowed = LaterChanges.OTHER, False
    outcome = validate(signature, level, prepared, document.embedded, gen_time=gen_time, at=at)
    facts = _certificate_facts(certificate)
    revocation = _revocation(certificate, document.embedded, prepared.proofs, outcome)
    judgement = _own_rules(outcome, facts, revocation)
    proven = outcome.best_time is not None
    earliest = min([time for time in (outcome.best_time, *later_stamps) if time is not None], default=None)
    source = TimeSource.TIME_STAMP if earliest == outcome.best_time else TimeSource.ARCHIVE_TIME_STAMP
    return SignatureFindings(
        field=field,
        indication=judgement.indication,
        sub_indication=judgement.sub_indication,
        detail=judgement.detail,
        level=level,
        coverage=_COVERAGE[signature.coverage],
        later_changes=changes,
        changes_allowed=allowed,
        certificate=facts,
        best_time=outcome.best_time,
        time_source=source if proven else TimeSource.NONE,
        revocation=revocation,
        digest_algorithm=str(signature.md_algorithm),
        value_sha256=hashlib.sha256(signature.signer_info["signature"].native).hexdigest(),
        revision_sha256=hashlib.sha256(memoryview(document.pdf)[: signed.end]).hexdigest(),
        anchor_sha256=outcome.anchor_sha256,
    )


def _revocation(certificate: Any, embedded: Proofs, supplied: Proofs, outcome: Outcome) -> RevocationFacts:
    """The freshest word. A revocation that only the file tells counts when the validation believed it."""
    # THREAT: an unsigned "revoked" is added to a good licence, to have it refused.
    # DEFENCE: embedded words of revocation count only after the library has verified who signed them.
    # TEST: tests/signer/verification/test_levels.py::test_an_embedded_revocation_by_a_stranger_does_not_count
    facts = revocation_facts(certificate, (embedded, supplied))
    from_file = facts.source in {ProofSource.EMBEDDED_OCSP, ProofSource.EMBEDDED_CRL}
    if facts.status is not RevocationStatus.REVOKED or not from_file or outcome.judgement.sub_indication in _REVOKED:
        return facts
    return revocation_facts(certificate, (supplied,))


def _own_rules(outcome: Outcome, facts: CertificateFacts, revocation: RevocationFacts) -> Judgement:
    """What the library's validation leaves to its caller."""
    if outcome.judgement.indication is not Indication.TOTAL_PASSED:
        return outcome.judgement
    if not facts.content_commitment:
        return indeterminate(SubIndication.CHAIN_CONSTRAINTS_FAILURE, KEY_USAGE)
    if outcome.best_time is not None and outcome.best_time < facts.not_before:
        return failed(SubIndication.NOT_YET_VALID)
    # Proofs captured in time do not hide a revocation that was published late for an earlier instant.
    revoked_at = revocation.revoked_at
    if outcome.best_time is not None and revoked_at is not None and outcome.best_time >= revoked_at:
        return indeterminate(SubIndication.REVOKED_NO_POE)
    # The library lets a time-stamp later than notAfter pass (5.5.4, step 4 c: it must not).
    if outcome.best_time is not None and outcome.best_time > facts.not_after:
        return indeterminate(SubIndication.OUT_OF_BOUNDS_NO_POE)
    return outcome.judgement


def _later_changes(signature: Any) -> tuple[LaterChanges, bool]:
    result = signature.diff_result
    if not isinstance(result, DiffResult):
        return LaterChanges.OTHER, False
    allowed = bool(signature.summarise_integrity_info()["docmdp_ok"])
    return _CHANGES[result.modification_level], allowed


def _time_stamp(signature: Any) -> datetime | None:
    """The genTime of the signature time-stamp, not verified here; None without one."""
    token = time_stamp_token(signature)
    if token is None:
        return None
    time: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return time


def _certificate_facts(certificate: Any) -> CertificateFacts:
    usage = certificate.key_usage_value
    policies = certificate.certificate_policies_value
    return CertificateFacts(
        sha256=certificate.sha256.hex(),
        serial=f"{certificate.serial_number:x}",
        subject=masked(_common_name(certificate.subject)),
        issuer=masked(_common_name(certificate.issuer)),
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
        policies=tuple(each["policy_identifier"].dotted for each in policies or ()),
        content_commitment=usage is not None and "non_repudiation" in usage.native,
    )


def _common_name(name: Any) -> str:
    value = name.native.get("common_name", "")
    return str(value if isinstance(value, str) else value[0] if value else "")
