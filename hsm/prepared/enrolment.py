"""The enrolment manifest: what an order asks the holder's own device to generate.

Signed by the manifest key under a `typ` of its own: neither kind of manifest can stand in for the other.
"""

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
    )
    fields.close()
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
