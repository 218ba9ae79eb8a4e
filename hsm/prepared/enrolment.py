"""The enrolment manifest: what an order asks of the holder's own device.

Signed by the manifest key under a `typ` of its own: neither kind of manifest can stand in for the other.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from hsm.keys import KeyKind, SigningKey

from . import instants, payload
from .errors import ManifestReason, ManifestRefused
from .jws import sign_compact, verify_compact
from .manifest import PROTOCOL, Environment, require_current

TYPE = "khatam-enrolment+jws"
MAX_POLICIES = 8
RELEASE_KEY_BITS = range(2048, 4097)
POLICY = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,38})){1,30}", re.ASCII)
BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,1024}", re.ASCII)


class Road(StrEnum):
    """How the key comes to its holder, and what the agent is to do about it."""

    SELF_MADE = "self_made"
    """Made in his device, at his own PC."""
    SUPPLIED = "supplied"
    """Certified by another, in a device that he brings: it is read and proved, nothing is made."""
    UNLOCK = "unlock"
    """His own device, locked; two officers released its unlock secret."""


class KeyPurpose(StrEnum):
    """The two key pairs of a holder (design: one seat, two certificates)."""

    SIGNATURE = "signature"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentSubject:
    """Whom the certificate requests name. The CA takes the certificates' names from its own register, not from here."""

    common_name: str
    given_name: str
    surname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentManifest:
    """What the server asks for, parsed. Only what `verify_enrolment_manifest` returns was signed by the service."""

    protocol: int
    minimum_agent: str
    environment: Environment
    origin: str
    order: str
    holder: str
    name_ar: str
    name_latin: str
    ticket_sha256: str
    agent_nonce: str
    issued_at: datetime
    expires_at: datetime
    key_kind: KeyKind
    purposes: tuple[KeyPurpose, ...]
    subject: EnrolmentSubject
    road: Road = Road.SELF_MADE
    policy_oids: tuple[str, ...] = ()
    """Supplied: one of these must be in the signature certificate's policies; empty: any."""
    device_serial: str | None = None
    """The one device that the order is for; None: any."""
    release_jwk: dict[str, str] | None = None
    """RSA public key (RFC 7518, 6.3.1: kty, n, e) to which unlock secrets are encrypted; None: none may be set."""
    certificates: tuple[str, ...] = ()
    """Unlock: SHA-256 of the certificates by which the device is known; at least one of them is on it."""

    def to_payload(self) -> bytes:
        """The JWS payload: canonical JSON."""
        names = ("protocol", "minimum_agent", "origin", "order", "holder", "name_ar", "name_latin")
        return payload.write(
            {name: getattr(self, name) for name in (*names, "ticket_sha256", "agent_nonce")}
            | {
                "environment": self.environment.value,
                "issued_at": instants.written(self.issued_at),
                "expires_at": instants.written(self.expires_at),
                "key_kind": self.key_kind.value,
                "purposes": [purpose.value for purpose in self.purposes],
                "subject": {name: getattr(self.subject, name) for name in self.subject.__slots__},
                "road": self.road.value,
                "policy_oids": list(self.policy_oids),
                "device_serial": self.device_serial,
                "release_jwk": self.release_jwk,
                "certificates": list(self.certificates),
            }
        )


def parse_enrolment_manifest(content: bytes) -> EnrolmentManifest:
    """Parse a payload; nothing is trusted yet.

    :raise ManifestRefused: a field missing, unknown or of a wrong value; another protocol.
    """
    fields = payload.read_object(content, "enrolment manifest")
    protocol = fields.take("protocol", int)
    if protocol != PROTOCOL:
        raise ManifestRefused(ManifestReason.PROTOCOL, f"it speaks protocol {protocol}, this agent speaks {PROTOCOL}")
    manifest = EnrolmentManifest(
        protocol=protocol,
        minimum_agent=fields.text("minimum_agent"),
        environment=fields.take_as("environment", Environment),
        origin=fields.text("origin"),
        order=fields.text("order"),
        holder=fields.text("holder"),
        name_ar=fields.text("name_ar"),
        name_latin=fields.text("name_latin"),
        ticket_sha256=fields.digest("ticket_sha256"),
        agent_nonce=fields.text("agent_nonce"),
        issued_at=fields.instant("issued_at"),
        expires_at=fields.instant("expires_at"),
        key_kind=fields.take_as("key_kind", KeyKind),
        purposes=_purposes(fields),
        subject=_subject(fields.within("subject")),
        road=fields.take_as("road", Road),
        policy_oids=_texts(fields, "policy_oids", POLICY, MAX_POLICIES),
        device_serial=_device_serial(fields),
        release_jwk=_release_jwk(fields),
        certificates=_texts(fields, "certificates", payload.SHA256_HEX, len(KeyPurpose)),
    )
    fields.close()
    if manifest.road is Road.UNLOCK and not (manifest.certificates and manifest.release_jwk):
        raise fields.invalid("road")
    return manifest


def _purposes(fields: payload.Fields) -> tuple[KeyPurpose, ...]:
    names = fields.each("purposes", len(KeyPurpose))
    if names[0] != KeyPurpose.SIGNATURE or len(set(names)) != len(names) or not set(names) <= set(KeyPurpose):
        raise fields.invalid("purposes")
    return tuple(KeyPurpose(str(name)) for name in names)


def _subject(fields: payload.Fields) -> EnrolmentSubject:
    subject = EnrolmentSubject(
        common_name=fields.text("common_name"),
        given_name=fields.text("given_name", empty=True),
        surname=fields.text("surname", empty=True),
    )
    fields.close()
    return subject


def _texts(fields: payload.Fields, name: str, form: re.Pattern[str], most: int) -> tuple[str, ...]:
    """A list of different texts of one form; it may be empty."""
    values: list[object] = fields.take(name, list)
    texts = tuple(value for value in values if isinstance(value, str) and form.fullmatch(value))
    if len(texts) != len(values) or len(set(texts)) != len(texts) or len(texts) > most:
        raise fields.invalid(name)
    return texts


def _device_serial(fields: payload.Fields) -> str | None:
    return None if fields.is_null("device_serial") else fields.text("device_serial")


def _release_jwk(fields: payload.Fields) -> dict[str, str] | None:
    """An RSA public key of 2048 to 4096 bits, its exponent 65537, and nothing else: no private part, no other kind."""
    if fields.is_null("release_jwk"):
        return None
    inner = fields.within("release_jwk")
    kty, n, e = (inner.take(name, str) for name in ("kty", "n", "e"))
    inner.close()
    modulus = base64.urlsafe_b64decode(n + "=" * (-len(n) % 4)) if BASE64URL.fullmatch(n) and len(n) % 4 != 1 else b""
    if kty != "RSA" or e != "AQAB" or int.from_bytes(modulus).bit_length() not in RELEASE_KEY_BITS:
        raise fields.invalid("release_jwk")
    return {"kty": kty, "n": n, "e": e}


def sign_enrolment_manifest(payload: bytes, key: SigningKey, chain: list[bytes] | tuple[bytes, ...]) -> str:
    """Sign a `to_payload()` with the manifest key; `chain` is DER, the key's certificate first."""
    return sign_compact(payload, type=TYPE, key=key, chain=tuple(chain))


def verify_enrolment_manifest(jws: str, anchor: x509.Certificate, at: datetime) -> EnrolmentManifest:
    """Verify signature, chain to `anchor` and times; return what it says.

    :raise ManifestRefused: with the reason.
    """
    manifest = parse_enrolment_manifest(verify_compact(jws, type=TYPE, anchor=anchor, at=at))
    require_current(manifest.issued_at, manifest.expires_at, at=at)
    return manifest
