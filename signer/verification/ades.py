"""One AdES validation per signature, the call chosen by the level found (EN 319 102-1, 5.3, 5.5, 5.6)."""

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyhanko.sign.validation import ades
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from .confinement import event_loop
from .etsi import Indication, Judgement, SubIndication, indeterminate, judge
from .findings import Level, ProofSource
from .proofs import Proofs, capture_time, revocation_facts
from .trust_preparation import PreparedTrust

NO_STATUS_PROOF = "no-status-proof"
"""Detail: all is well but for a proof of status that nobody has supplied."""
TIME_STAMP = "time-stamp"
"""Detail: the signer is good, his time-stamp is not."""

_STATUS_MISSING = frozenset({SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, SubIndication.TRY_LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the validation says. `best_time` only when the proof of time itself validated."""

    judgement: Judgement
    best_time: datetime | None = None
    anchor_sha256: str | None = None


def validate(
    signature: Any, level: Level, trust: PreparedTrust, embedded: Proofs, *, gen_time: datetime | None, at: datetime
) -> Outcome:
    """Validate `signature` as of `at`."""
    timing = _timing(signature, level, embedded, gen_time=gen_time, at=at)
    # The library's own "if at hand" fails on a proof about anybody else: whether there is one is looked up here.
    stamp_status = trust.time_stamp_status_required or _stamp_has_proof(signature, embedded, trust.proofs)
    strict = trust.specification(embedded, signer_status=True, stamp_status=stamp_status)
    outcome = _run(signature, level, strict, timing)
    if outcome.judgement.sub_indication not in _STATUS_MISSING:
        return outcome
    # A missing proof of status and a broken chain come back alike: ask again without status to tell them apart.
    without = trust.specification(embedded, signer_status=False, stamp_status=False)
    relaxed = _run(signature, level, without, timing)
    if relaxed.judgement.indication is not Indication.TOTAL_PASSED:
        return outcome
    return Outcome(
        judgement=indeterminate(SubIndication.TRY_LATER, NO_STATUS_PROOF),
        best_time=relaxed.best_time,
        anchor_sha256=relaxed.anchor_sha256,
    )


def _timing(
    signature: Any, level: Level, embedded: Proofs, *, gen_time: datetime | None, at: datetime
) -> ValidationTimingInfo:
    """B-LT is judged when its proofs were captured, while what vouches for that (issuers, TSA) is still valid."""
    judged_at = at
    if level is Level.B_LT and gen_time is not None:
        captured = capture_time(signature.signer_cert, embedded, gen_time=gen_time)
        if captured is not None and captured <= at and not _witness_expired(signature, embedded, at=at):
            judged_at = captured
    return ValidationTimingInfo(
        validation_time=judged_at, best_signature_time=judged_at, point_in_time_validation=judged_at != at
    )


def _witness_expired(signature: Any, embedded: Proofs, *, at: datetime) -> bool:
    """Whether an authority or the time-stamper that the file names has expired: then only an archive would help."""
    authorities = [each for each in (*signature.other_embedded_certs, *embedded.certificates) if each.ca]
    return any(each.not_valid_after < at for each in (*authorities, *time_stamp_certificates(signature)))


def _stamp_has_proof(signature: Any, *sources: Proofs) -> bool:
    leaves = [each for each in time_stamp_certificates(signature) if not each.ca]
    return any(revocation_facts(each, sources).source is not ProofSource.NONE for each in leaves)


def time_stamp_token(signature: Any) -> Any | None:
    """The SignedData of the signature time-stamp, not verified; None without one."""
    for attribute in signature.signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            return attribute["values"][0]["content"]
    return None


def time_stamp_certificates(signature: Any) -> list[Any]:
    """Certificates inside the signature time-stamp."""
    token = time_stamp_token(signature)
    return [] if token is None else [each.chosen for each in token["certificates"] or () if each.name == "certificate"]


def _run(signature: Any, level: Level, specification: Any, timing: ValidationTimingInfo) -> Outcome:
    loop = event_loop()
    digest = signature.compute_digest()
    cms_specification = specification.signature_validation_spec
    coroutine: Coroutine[Any, Any, Any]
    if level is Level.B_LTA:
        coroutine = ades.ades_lta_validation(signature, specification, timing_info=timing)
    elif level is Level.B_B:
        coroutine = ades.ades_basic_validation(
            signature.signed_data, cms_specification, timing_info=timing, raw_digest=digest
        )
    else:
        coroutine = ades.ades_with_time_validation(
            signature.signed_data, cms_specification, timing_info=timing, raw_digest=digest
        )
    result = loop.run_until_complete(coroutine)
    if level is not Level.B_B and _signer_stands(result):
        return Outcome(
            judgement=indeterminate(SubIndication.NO_POE, TIME_STAMP), anchor_sha256=_anchor_sha256(result.api_status)
        )
    word = result.ades_subindic
    judgement = judge(
        word.status.name,
        word.standard_name,
        not_after=signature.signer_cert.not_valid_after,
        not_before_time=getattr(result, "signature_not_before_time", None),
    )
    return Outcome(
        judgement=judgement,
        best_time=_best_time(result, level, judgement),
        anchor_sha256=_anchor_sha256(result.api_status),
    )


def _signer_stands(result: Any) -> bool:
    """Whether it failed though the signature and its signer's chain are good: then the time-stamp is not."""
    status = result.api_status
    if result.ades_subindic.status.name == "PASSED" or status is None:
        return False
    return bool(status.intact and status.valid and status.trust_problem_indic is None)


def _best_time(result: Any, level: Level, judgement: Judgement) -> datetime | None:
    """The proven time: of a pass, or of the one failure that the library reaches after the time-stamp."""
    passed = judgement.indication is Indication.TOTAL_PASSED
    if level is Level.B_B or not (passed or judgement.sub_indication is SubIndication.REVOKED_NO_POE):
        return None
    time: datetime | None = result.best_signature_time
    return time


def _anchor_sha256(status: Any) -> str | None:
    path = getattr(status, "validation_path", None)
    if path is None:
        return None
    certificate = getattr(path.trust_anchor, "certificate", None)
    return None if certificate is None else certificate.sha256.hex()
