"""What programs that we did not write say of our output: poppler's pdfsig, and OpenSSL."""

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization


class PeerDisagrees(Exception):
    """A program that we did not write does not accept what we made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRevision:
    """One signature of a PDF as its ByteRange states it (ISO 32000-1, 12.8.1)."""

    gap_start: int
    gap_end: int
    """Where /Contents stands, which the signature does not cover: from `gap_start` on, up to `gap_end`."""
    end: int
    """Where the signed revision ends, in bytes from the start of the file."""
    signed_bytes: bytes
    cms: bytes
    """DER ContentInfo, without the padding of /Contents."""


def run(*command: str, accepts: Sequence[int] = (0,)) -> str:
    """Run a program; both its outputs as text.

    :raise PeerDisagrees: its exit code is none of `accepts`.
    """
    outcome = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)  # noqa: S603
    if outcome.returncode not in accepts:
        raise PeerDisagrees(f"{' '.join(command[:3])} … said: {(outcome.stdout + outcome.stderr).strip()[-300:]}")
    return outcome.stdout + outcome.stderr


def signed_revisions(pdf: bytes) -> list[SignedRevision]:
    """Every signature of `pdf`, in the order of their revisions; read with a regular expression, on purpose."""
    revisions = []
    for match in re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf):
        start, first, second, rest = (int(group) for group in match.groups())
        contents = bytes.fromhex(pdf[start + first + 1 : second - 1].decode("ascii"))
        signed = pdf[start : start + first] + pdf[second : second + rest]
        revisions.append(
            SignedRevision(
                gap_start=start + first,
                gap_end=second,
                end=second + rest,
                signed_bytes=signed,
                cms=_one_der_value(contents),
            )
        )
    return sorted(revisions, key=lambda revision: revision.end)


def pdfsig_accepts(pdf: Path, *, signatures: int) -> str:
    """Pdfsig finds `signatures` signatures, each valid."""
    said = run("pdfsig", str(pdf))
    valid = said.count("Signature Validation: Signature is Valid.")
    found = len(re.findall(r"^Signature #\d+:", said, re.MULTILINE))
    if (valid, found) != (signatures, signatures):
        raise PeerDisagrees(f"pdfsig finds {found} signatures, {valid} valid, in {pdf.name}; {signatures} expected")
    return f"pdfsig: {valid} of {found} valid"


def pdfsig_total_at_last_signature(pdf: Path, scratch: Path) -> str:
    """Cut where the last signature ends, the file is totally signed; what follows is validation data only."""
    content = pdf.read_bytes()
    end = signed_revisions(content)[-1].end
    cut = scratch / f"{pdf.stem}-cut.pdf"
    cut.write_bytes(content[:end])
    said = run("pdfsig", str(cut))
    last = said[said.rindex("Signature #") :]
    if "Total document signed" not in last or "Not total document signed" in last:
        raise PeerDisagrees(f"pdfsig does not call {cut.name} totally signed")
    _validation_data_only(content[end:])
    return "pdfsig: total document signed; after it, validation data only"


def _validation_data_only(tail: bytes) -> None:
    """An increment with a /DSS, and nothing that a reader would draw, fill in or run."""
    if not tail.strip():
        return
    if b"/DSS" not in tail:
        raise PeerDisagrees("bytes after the last signature hold no validation data")
    drawn = re.search(rb"/(Type\s*/Page\b|Contents\b|Annots\b|JavaScript|JS\b|OpenAction|Widget|XObject)", tail)
    if drawn:
        raise PeerDisagrees(f"bytes after the last signature hold {drawn.group(0)!r}")


def openssl_cms_accepts(pdf: Path, trust: Path, scratch: Path) -> str:
    """`openssl cms -verify` over each signed revision, up to the trust anchors."""
    revisions = signed_revisions(pdf.read_bytes())
    for number, revision in enumerate(revisions):
        cms, data = scratch / f"{pdf.stem}-{number}.cms", scratch / f"{pdf.stem}-{number}.signed"
        cms.write_bytes(revision.cms)
        data.write_bytes(revision.signed_bytes)
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(cms), "-content", str(data)]
        run(*command, "-CAfile", str(trust), "-purpose", "any", "-out", "/dev/null")
    return f"openssl cms: {len(revisions)} of {len(revisions)} verified"


def openssl_chain_accepts(certificate: Path, trust: Path, untrusted: Path, crls: Path) -> str:
    """`openssl verify -crl_check` on the signer's chain."""
    command = ["openssl", "verify", "-crl_check_all", "-CAfile", str(trust), "-untrusted", str(untrusted)]
    run(*command, "-CRLfile", str(crls), str(certificate))
    return "openssl verify -crl_check_all: OK"


def openssl_ocsp_says(certificate: Path, issuer: Path, url: str, trust: Path, expected: str) -> str:
    """`openssl ocsp` against the live responder says `expected` (good, revoked)."""
    command = ["openssl", "ocsp", "-issuer", str(issuer), "-cert", str(certificate), "-url", url]
    said = run(*command, "-CAfile", str(trust))
    if "Response verify OK" not in said or f": {expected}" not in said:
        raise PeerDisagrees(f"openssl ocsp says: {said.strip()[-200:]}")
    return f"openssl ocsp: {expected}"


def openssl_ts_accepts(pdf: Path, trust: Path, untrusted: Path, scratch: Path) -> str:
    """`openssl ts -verify` on the time-stamp token of the last signature."""
    from asn1crypto import cms

    signed_data = cms.ContentInfo.load(signed_revisions(pdf.read_bytes())[-1].cms)["content"]
    signer = signed_data["signer_infos"][0]
    tokens = [
        each["values"][0] for each in signer["unsigned_attrs"] if each["type"].native == "signature_time_stamp_token"
    ]
    if not tokens:
        raise PeerDisagrees("the last signature holds no time-stamp token")
    token = scratch / f"{pdf.stem}.tst"
    token.write_bytes(tokens[0].dump())
    imprint = hashlib.sha256(signer["signature"].native).hexdigest()
    command = ["openssl", "ts", "-verify", "-digest", imprint, "-in", str(token), "-token_in"]
    said = run(*command, "-CAfile", str(trust), "-untrusted", str(untrusted))
    if "Verification: OK" not in said:
        raise PeerDisagrees(f"openssl ts says: {said.strip()[-200:]}")
    return "openssl ts: OK"


def embedded_certificates(pdf: Path) -> list[x509.Certificate]:
    """The certificates inside the last signature's CMS, the signer's first."""
    from asn1crypto import cms

    signed_data = cms.ContentInfo.load(signed_revisions(pdf.read_bytes())[-1].cms)["content"]
    serial = signed_data["signer_infos"][0]["sid"].chosen["serial_number"].native
    found = [x509.load_der_x509_certificate(each.chosen.dump()) for each in signed_data["certificates"]]
    return sorted(found, key=lambda certificate: certificate.serial_number != serial)


def write_pem(path: Path, certificates: Sequence[x509.Certificate]) -> Path:
    """Write certificates as one PEM file."""
    path.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates))
    return path


def _one_der_value(padded: bytes) -> bytes:
    """The DER value at the start of zero-padded bytes (definite long-form length)."""
    octets = padded[1] & 0x7F
    length = int.from_bytes(padded[2 : 2 + octets], "big") if padded[1] & 0x80 else padded[1]
    return padded[: 2 + (octets if padded[1] & 0x80 else 0) + length]
