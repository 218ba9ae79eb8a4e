"""Verification: the warm service against pyHanko's own AdES validation in process, same document, same trust.

The document carries four B-LT signatures. The service reads it by path in a worker, judges each signature and adds
its own checks; the peer opens it, reads its validation data and calls `ades_with_time_validation` for each signature.
Neither asks the register. Both take turns, so that a busy machine is as unfair to one as to the other.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from bench.figure import Figure
from signer.pades.fields import add_fields_at_foot
from signer.pades.validation_data import add_validation
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render
from signer.verification.etsi import Indication
from signer.verification.trust import Anchor, TrustConfiguration
from signer.verification.workers import Workers
from tests.signer.pades.estate import T0, Estate, Proofs

ROUNDS = 15
AT = T0 + timedelta(minutes=30)
FIELDS = ("President", "Member-1", "Member-2", "Member-3")


def run() -> Iterator[Figure]:
    """`four_signatures`: milliseconds a document, at most 1.2 times the peer's."""
    logging.disable(logging.CRITICAL)
    estate = Estate()
    pdf = _document(estate)
    lists = (estate.crl(estate.root, T0), estate.crl(estate.issuing, T0))
    trust = TrustConfiguration(anchors=(Anchor(der=estate.root.der),), certificates=(estate.issuing.der,), crls=lists)
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file, Workers(count=1) as workers:
        file.write(pdf)
        file.flush()
        path = Path(file.name)

        def service() -> list[str]:
            return [each.indication.value for each in workers.inspect(path, trust, at=AT).signatures]

        def peer() -> list[str]:
            return _plain(path, trust, AT)

        passed = [Indication.TOTAL_PASSED.value] * len(FIELDS)
        if service() != passed or peer() != ["OK"] * len(FIELDS):
            raise RuntimeError(f"the document does not verify: {service()}, {peer()}")
        value, against = _in_turns(service, peer)
    logging.disable(logging.NOTSET)
    yield Figure(name="four_signatures", value=value, against=against, unit="ms", goal=1.2, better="lower")


def _document(estate: Estate) -> bytes:
    """A rendered licence with four signatures in turn, each completed to B-LT."""
    facts = dataclasses.replace(LicenceFacts.sample(reference="L26-0000123"), check="7Q4K")
    pdf = add_fields_at_foot(render(facts).content, FIELDS)
    proofs = Proofs(
        crls=(estate.crl(estate.root, T0), estate.crl(estate.issuing, T0)), certificates=(estate.issuing.der,)
    )
    for place, (who, field) in enumerate(zip((estate.president, *estate.members), FIELDS, strict=True)):
        pdf = estate.sign(pdf, who, field_name=field, certify=place == 0)
        pdf = add_validation(pdf, proofs=proofs)
    return pdf


def _plain(path: Path, trust: TrustConfiguration, at: datetime) -> list[str]:
    reader = PdfFileReader(io.BytesIO(path.read_bytes()))
    specification = _specification(reader, trust)
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=False)

    async def validate() -> list[str]:
        words = []
        for signature in reader.embedded_regular_signatures:
            signature.compute_integrity_info()
            result = await ades.ades_with_time_validation(
                signature.signed_data,
                specification,
                timing_info=timing,
                raw_digest=signature.compute_digest(),
                extra_status_kwargs=signature.summarise_integrity_info(),
                status_cls=PdfSignatureStatus,
            )
            words.append(result.ades_subindic.standard_name)
        return words

    return asyncio.run(validate())


def _specification(reader: PdfFileReader, trust: TrustConfiguration) -> SignatureValidationSpec:
    store = DocumentSecurityStore.read_dss(reader)
    embedded: list[Any] = [each.get_object().data for each in store.crls]
    responses = [single for each in store.ocsps for single in OCSPContainer.load_multi(each)]
    anchors = [x509.Certificate.load(each.der) for each in trust.anchors]
    knowledge = LocalKnowledge(
        known_ocsps=responses,
        known_crls=[CRLContainer(crl.CertificateList.load(each)) for each in (*embedded, *trust.crls)],
        known_certs=[*store.load_certs(), *(x509.Certificate.load(each) for each in trust.certificates)],
    )
    return SignatureValidationSpec(
        CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=anchors),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        ),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        local_knowledge=knowledge,
    )


def _in_turns(service: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds of each."""
    taken: dict[Callable[[], object], list[float]] = {service: [], peer: []}
    for _ in range(ROUNDS):
        for each in (service, peer):
            began = time.perf_counter()
            each()
            taken[each].append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[service]), statistics.median(taken[peer])
