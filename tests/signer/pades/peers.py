"""Programs we did not write, asked about our PDFs."""

from __future__ import annotations

import asyncio
import io
import subprocess
from pathlib import Path
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades, async_validate_pdf_signature
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from signer.pades.objects import entry
from tests.signer.pades.estate import T0, Estate


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def pdfsig(pdf: bytes, folder: Path) -> str:
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    # 1: the signer's certificate is not trusted here; anything else is a failure.
    done = subprocess.run(["pdfsig", "-nocert", str(path)], check=False, capture_output=True, text=True, timeout=60)
    return done.stdout


def qpdf_check(pdf: bytes, folder: Path) -> str:
    path = folder / "checked.pdf"
    path.write_bytes(pdf)
    return run("qpdf", "--check", str(path))


def openssl_verify(pdf: bytes, root_pem: bytes, folder: Path) -> int:
    """`openssl cms -verify` over every signed revision; returns how many there were."""
    (folder / "root.pem").write_bytes(root_pem)
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    for signature in signatures:
        start, before, after, length = (int(each) for each in signature.byte_range)
        (folder / "signed").write_bytes(pdf[start:before] + pdf[after : after + length])
        (folder / "cms").write_bytes(signature.pkcs7_content)
        command = ["openssl", "cms", "-verify", "-cades", "-binary", "-purpose", "any", "-inform", "DER"]
        command += ["-in", str(folder / "cms"), "-content", str(folder / "signed"), "-out", "/dev/null"]
        run(*command, "-CAfile", str(folder / "root.pem"), "-attime", str(int(T0.timestamp())))
    return len(signatures)


def integrity(pdf: bytes, estate: Estate) -> list[Any]:
    """PyHanko's own judgement of each signature: digest, value, coverage, later changes."""

    async def validate() -> list[Any]:
        context = ValidationContext(trust_roots=[estate.root.asn1], moment=T0, revocation_mode="soft-fail")
        reader = PdfFileReader(io.BytesIO(pdf))
        return [
            await async_validate_pdf_signature(each, context, context, key_usage_settings=ANY_USAGE)
            for each in reader.embedded_signatures
        ]

    return asyncio.run(validate())


def ades_names(pdf: bytes, estate: Estate) -> list[str]:
    """EN 319 102-1 validation with time, offline, from the document's own validation data; one word a signature."""

    async def validate() -> list[str]:
        reader = PdfFileReader(io.BytesIO(pdf))
        words = []
        for each in reader.embedded_signatures:
            result = await ades.ades_with_time_validation(
                each.signed_data,
                _specification(estate, reader),
                timing_info=ValidationTimingInfo(T0, T0, point_in_time_validation=False),
                raw_digest=each.compute_digest(),
            )
            words.append(result.ades_subindic.status.name)
        return words

    return asyncio.run(validate())


ANY_USAGE = KeyUsageConstraints(key_usage={"non_repudiation"})


def _specification(estate: Estate, reader: PdfFileReader) -> SignatureValidationSpec:
    store = entry(reader.root, "/DSS")

    def held(key: str) -> list[bytes]:
        found = (entry(store, key) if isinstance(store, DictionaryObject) else None) or ()
        return [each.get_object().data for each in found]

    responses = [asn1_ocsp.OCSPResponse.load(each) for each in held("/OCSPs")]
    knowledge = LocalKnowledge(
        known_ocsps=[one for each in responses for one in OCSPContainer.load_multi(each)],
        known_crls=[CRLContainer(asn1_crl.CertificateList.load(each)) for each in held("/CRLs")],
        known_certs=[asn1_x509.Certificate.load(each) for each in held("/Certs")],
    )
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[estate.root.asn1]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    return SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
            certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
        ),
        local_knowledge=knowledge,
        key_usage_settings=ANY_USAGE,
    )
