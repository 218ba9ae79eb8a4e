"""The trust configuration as the validating library wants it; prepared once per worker and configuration."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from asn1crypto import x509
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    CMSAlgorithmUsagePolicy,
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from .proofs import Proofs, load_proofs
from .trust import Anchor, TrustConfiguration

BROKEN_DIGESTS = frozenset({"md2", "md5", "sha1"})
TIME_TOLERANCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTrust:
    """Parsed anchors, certificates and proofs of one configuration."""

    manager: Any
    proofs: Proofs
    time_stamp_status_required: bool

    def specification(self, embedded: Proofs, *, signer_status: bool, stamp_status: bool) -> Any:
        """What one AdES validation is told; it fetches nothing."""
        knowledge = self.proofs.merged(embedded)
        return PdfSignatureValidationSpec(
            SignatureValidationSpec(
                cert_validation_policy=self._policy(REQUIRE_REVINFO if signer_status else NO_REVOCATION),
                ts_cert_validation_policy=self._policy(REQUIRE_REVINFO if stamp_status else NO_REVOCATION),
                # THREAT: a document names addresses, and the verifier calls them.
                # DEFENCE: neither certificates nor status are fetched; the worker has no network anyway.
                # TEST: tests/signer/verification/test_workers.py::test_no_socket_in_a_worker
                revinfo_gathering_policy=RevocationInfoGatheringSpec(
                    online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
                    certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
                ),
                local_knowledge=LocalKnowledge(
                    known_ocsps=list(knowledge.ocsps),
                    known_crls=list(knowledge.crls),
                    known_certs=list(knowledge.certificates),
                ),
                key_usage_settings=KeyUsageConstraints(key_usage=frozenset()),  # judged apart, to be named apart
                signature_algorithm_policy=CMSAlgorithmUsagePolicy.lift_policy(_ALGORITHMS),
            )
        )

    def _policy(self, checking: RevocationCheckingPolicy) -> CertValidationPolicySpec:
        return CertValidationPolicySpec(
            trust_manager=self.manager,
            # Judged at the capture of the proofs, what the service knows since then counts too.
            revinfo_policy=CertRevTrustPolicy(checking, retroactive_revinfo=True),
            time_tolerance=TIME_TOLERANCE,
            algorithm_usage_policy=_ALGORITHMS,
        )


_ALGORITHMS = DisallowWeakAlgorithmsPolicy(weak_hash_algos=BROKEN_DIGESTS)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4)
def prepared_trust(trust: TrustConfiguration) -> PreparedTrust:
    """Parse a configuration; the service's own DER, so errors here are the service's."""
    return PreparedTrust(
        manager=SimpleTrustManager.build(trust_roots=[_anchor(each) for each in trust.anchors]),
        proofs=load_proofs(
            certificates=trust.certificates, ocsps=trust.ocsp_responses, crls=trust.crls, embedded=False
        ),
        time_stamp_status_required=trust.time_stamp_status_required,
    )


def _anchor(anchor: Anchor) -> CertTrustAnchor:
    policies = PKIXValidationParams(
        user_initial_policy_set=frozenset(anchor.policy_oids or ("any_policy",)),
        initial_explicit_policy=bool(anchor.policy_oids),
    )
    qualifiers = TrustQualifiers(
        standard_parameters=policies, valid_from=anchor.not_before, valid_until=anchor.not_after
    )
    return CertTrustAnchor(x509.Certificate.load(anchor.der), quals=qualifiers)
