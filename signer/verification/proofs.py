"""Proofs of status in a file and from the service: what they say of one certificate, and the level they make."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from .findings import Level, ProofSource, RevocationFacts, RevocationStatus

MAX_PROOFS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Certificates, OCSP responses and CRLs from one place, parsed."""

    certificates: tuple[Any, ...] = ()
    ocsps: tuple[Any, ...] = ()
    crls: tuple[Any, ...] = ()
    crl_lists: tuple[x509.CertificateRevocationList, ...] = ()
    """The same CRLs, by a library that finds one serial in a long list quickly."""
    embedded: bool = False

    def merged(self, other: "Proofs") -> "Proofs":
        """Both together."""
        return Proofs(
            certificates=self.certificates + other.certificates,
            ocsps=self.ocsps + other.ocsps,
            crls=self.crls + other.crls,
        )


def load_proofs(
    *, certificates: Iterable[bytes], ocsps: Iterable[bytes], crls: Iterable[bytes], embedded: bool
) -> Proofs:
    """Parse DER proofs. Nothing is verified here; the AdES validation verifies what it uses.

    :raise ValueError: one of them is not what it should be.
    """
    lists = tuple(crls)[:MAX_PROOFS]
    responses = [asn1_ocsp.OCSPResponse.load(each) for each in tuple(ocsps)[:MAX_PROOFS]]
    return Proofs(
        certificates=tuple(asn1_x509.Certificate.load(each) for each in tuple(certificates)[:MAX_PROOFS]),
        ocsps=tuple(single for each in responses for single in OCSPContainer.load_multi(each)),
        crls=tuple(CRLContainer(asn1_crl.CertificateList.load(each)) for each in lists),
        crl_lists=tuple(x509.load_der_x509_crl(each) for each in lists),
        embedded=embedded,
    )


def embedded_proofs(reader: Any) -> Proofs:
    """What the document's security store (DSS) holds; nothing when it has none or it cannot be read."""
    try:
        root = reader.root
        if "/DSS" not in root:
            return Proofs(embedded=True)
        store = root["/DSS"]
        return load_proofs(
            certificates=_streams(store, "/Certs"),
            ocsps=_streams(store, "/OCSPs"),
            crls=_streams(store, "/CRLs"),
            embedded=True,
        )
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - hostile bytes: a store that cannot be read proves nothing
        return Proofs(embedded=True)


def _streams(store: Any, key: str) -> list[bytes]:
    """The distinct streams of an array, at most `MAX_PROOFS`."""
    references = list(store[key])[:MAX_PROOFS] if key in store else []
    return list(dict.fromkeys(each.get_object().data for each in references))


def revocation_facts(certificate: Any, sources: Iterable[Proofs]) -> RevocationFacts:
    """The freshest word on an asn1crypto certificate; a revocation wins over any good word."""
    found = [
        fact for proofs in sources for fact in (*_from_ocsp(certificate, proofs), *_from_crls(certificate, proofs))
    ]
    if not found:
        return RevocationFacts()
    revoked = [fact for fact in found if fact.status is RevocationStatus.REVOKED]
    return max(revoked or found, key=_this_update)


def level_found(
    certificate: Any, embedded: Proofs, *, gen_time: datetime | None, archive_times: Iterable[datetime]
) -> Level:
    """The PAdES level, by what is in the file; `archive_times` are those of the time-stamps after the signature."""
    if gen_time is None:
        return Level.B_B
    fresh = capture_time(certificate, embedded, gen_time=gen_time)
    if fresh is None:
        return Level.B_T
    return Level.B_LTA if any(time >= gen_time for time in archive_times) else Level.B_LT


def capture_time(certificate: Any, embedded: Proofs, *, gen_time: datetime) -> datetime | None:
    """The latest thisUpdate, at or after `gen_time`, among embedded proofs about `certificate`."""
    facts = (*_from_ocsp(certificate, embedded), *_from_crls(certificate, embedded))
    times = [fact.this_update for fact in facts if fact.this_update is not None and fact.this_update >= gen_time]
    return max(times, default=None)


def _this_update(fact: RevocationFacts) -> datetime:
    assert fact.this_update is not None
    return fact.this_update


def _from_ocsp(certificate: Any, proofs: Proofs) -> list[RevocationFacts]:
    source = ProofSource.EMBEDDED_OCSP if proofs.embedded else ProofSource.SUPPLIED_OCSP
    facts = []
    for container in proofs.ocsps:
        single = container.extract_single_response()
        if single is None or not _names(single["cert_id"], certificate):
            continue
        status = single["cert_status"]
        revoked_at = status.chosen["revocation_time"].native if status.name == "revoked" else None
        word = {"good": RevocationStatus.GOOD, "revoked": RevocationStatus.REVOKED}.get(status.name)
        if word is not None:
            this_update = single["this_update"].native
            facts.append(RevocationFacts(status=word, source=source, this_update=this_update, revoked_at=revoked_at))
    return facts


def _names(cert_id: Any, certificate: Any) -> bool:
    if cert_id["serial_number"].native != certificate.serial_number:
        return False
    algorithm = cert_id["hash_algorithm"]["algorithm"].native
    if algorithm not in {"sha1", "sha256", "sha384", "sha512"}:
        return False
    issuer_hash: bytes = getattr(certificate.issuer, algorithm, b"") or b""
    if not issuer_hash:
        import hashlib

        issuer_hash = hashlib.new(algorithm, certificate.issuer.dump()).digest()
    return bool(cert_id["issuer_name_hash"].native == issuer_hash)


def _from_crls(certificate: Any, proofs: Proofs) -> list[RevocationFacts]:
    source = ProofSource.EMBEDDED_CRL if proofs.embedded else ProofSource.SUPPLIED_CRL
    facts = []
    for revocation_list in proofs.crl_lists:
        if revocation_list.issuer.public_bytes() != certificate.issuer.dump():
            continue
        entry = revocation_list.get_revoked_certificate_by_serial_number(certificate.serial_number)
        facts.append(
            RevocationFacts(
                status=RevocationStatus.GOOD if entry is None else RevocationStatus.REVOKED,
                source=source,
                this_update=revocation_list.last_update_utc,
                revoked_at=None if entry is None else entry.revocation_date_utc,
            )
        )
    return facts
