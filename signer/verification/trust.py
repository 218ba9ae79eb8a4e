"""What a worker is told to trust: DER and dates, handed over by the service, never fetched."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .errors import TrustRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A trust anchor. Both dates are inside the period; None means the certificate's own."""

    der: bytes
    not_before: datetime | None = None
    not_after: datetime | None = None
    policy_oids: tuple[str, ...] = ()
    """Empty: any policy. Otherwise a path must hold under one of them (RFC 5280, 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustConfiguration:
    """Anchors, further certificates for building paths, and status proofs, all DER."""

    anchors: tuple[Anchor, ...]
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    """Lists whose signatures the service checked when it stored them."""
    ocsp_responses: tuple[bytes, ...] = ()
    time_stamp_status_required: bool = True
    """Whether the time-stamping certificate needs a proof of status too; when not, one that is there still counts."""

    def __post_init__(self) -> None:
        if not self.anchors:
            raise TrustRefused("No trust anchor was given. Nothing was verified: give at least one root certificate.")


def trust_from_pem(pem: bytes) -> TrustConfiguration:
    """Read anchors (self-issued certificates) and other certificates from a PEM bundle, for offline use.

    :raise TrustRefused: no certificate in it, or none that is self-issued.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TrustRefused("The trust file holds no PEM certificate. Nothing was verified.") from error
    anchors = tuple(Anchor(der=each.public_bytes(Encoding.DER)) for each in certificates if each.subject == each.issuer)
    others = tuple(each.public_bytes(Encoding.DER) for each in certificates if each.subject != each.issuer)
    # Offline there is nobody to ask about the time-stamping certificate beyond what the file carries.
    return TrustConfiguration(anchors=anchors, certificates=others, time_stamp_status_required=False)
