"""The manifest: the closed list of what one ceremony asks a signer to sign."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from cryptography import x509

from hsm.keys import SignatureAlgorithm, SigningKey

from . import instants, payload
from .errors import ManifestReason, ManifestRefused
from .jws import sign_compact, verify_compact

PROTOCOL = 1
TYPE = "khatam-manifest+jws"
MAX_ITEMS = 500
MAX_LIFETIME = timedelta(hours=1)
CLOCK_SKEW = timedelta(minutes=2)


class Environment(StrEnum):
    """What an installation is: every one is one of the two."""

    REHEARSAL = "rehearsal"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestSigner:
    """The one person who is asked to sign."""

    holder: str
    name_ar: str
    name_latin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPower:
    """The recorded act by which he signs in another's place: `kind` (delegation, absence …), number, first day."""

    kind: str
    number: str
    since: str
    """Civil day, YYYY-MM-DD."""
    principal: str
    """Function of the office in whose place he signs; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestCapacity:
    """In which office, for which body. `office` is the office's id in the register."""

    function: str
    body_code: str
    body_fr: str
    body_ar: str
    office: str
    power: ManifestPower | None = None
    """None: by his own office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestItem:
    """One document to sign. `docmdp`: 1 to 3 when this signature certifies, None when it approves."""

    id: str
    reference: str
    kind: str
    title: str
    base_sha256: str
    prepared_sha256: str
    field: str
    docmdp: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the server asks for, parsed. Only what `verify_manifest` returns was signed by the service."""

    protocol: int
    minimum_agent: str
    environment: Environment
    origin: str
    ceremony: str
    ticket_sha256: str
    agent_nonce: str
    issued_at: datetime
    expires_at: datetime
    signer: ManifestSigner
    capacity: ManifestCapacity
    certificate_sha256: str
    mechanism: SignatureAlgorithm
    items: tuple[ManifestItem, ...]

    def to_payload(self) -> bytes:
        """The JWS payload: canonical JSON, `count` included."""
        names = (
            "protocol",
            "minimum_agent",
            "origin",
            "ceremony",
            "ticket_sha256",
            "agent_nonce",
            "certificate_sha256",
        )
        return payload.write(
            {name: getattr(self, name) for name in (*names, "certificate_sha256")}
            | {
                "environment": self.environment.value,
                "mechanism": self.mechanism.value,
                "issued_at": instants.written(self.issued_at),
                "expires_at": instants.written(self.expires_at),
                "signer": _plain(self.signer),
                "capacity": _plain(self.capacity),
                "count": len(self.items),
                "items": [_plain(item) for item in self.items],
            }
        )


def _plain(value: ManifestSigner | ManifestCapacity | ManifestPower | ManifestItem) -> dict[str, object]:
    found = {name: getattr(value, name) for name in value.__slots__}
    return {name: _plain(each) if isinstance(each, ManifestPower) else each for name, each in found.items()}


def parse_manifest(content: bytes) -> Manifest:
    """Parse a payload; nothing is trusted yet.

    :raise ManifestRefused: a field missing, unknown or of a wrong value; another protocol.
    """
    fields = payload.read_object(content, "manifest")
    protocol = fields.take("protocol", int)
    if protocol != PROTOCOL:
        raise ManifestRefused(ManifestReason.PROTOCOL, f"it speaks protocol {protocol}, this agent speaks {PROTOCOL}")
    manifest = Manifest(
        protocol=protocol,
        minimum_agent=fields.text("minimum_agent"),
        environment=fields.take_as("environment", Environment),
        origin=fields.text("origin"),
        ceremony=fields.text("ceremony"),
        ticket_sha256=fields.digest("ticket_sha256"),
        agent_nonce=fields.text("agent_nonce"),
        issued_at=fields.instant("issued_at"),
        expires_at=fields.instant("expires_at"),
        signer=_signer(fields.within("signer")),
        capacity=_capacity(fields.within("capacity")),
        certificate_sha256=fields.digest("certificate_sha256"),
        mechanism=fields.take_as("mechanism", SignatureAlgorithm),
        items=_items(fields),
    )
    fields.close()
    return manifest


def _signer(fields: payload.Fields) -> ManifestSigner:
    signer = ManifestSigner(
        holder=fields.text("holder"), name_ar=fields.text("name_ar"), name_latin=fields.text("name_latin")
    )
    fields.close()
    return signer


def _capacity(fields: payload.Fields) -> ManifestCapacity:
    capacity = ManifestCapacity(
        function=fields.text("function"),
        body_code=fields.text("body_code"),
        body_fr=fields.text("body_fr"),
        body_ar=fields.text("body_ar"),
        office=fields.text("office"),
        power=None if fields.is_null("power") else _power(fields.within("power")),
    )
    fields.close()
    return capacity


def _power(fields: payload.Fields) -> ManifestPower:
    power = ManifestPower(
        kind=fields.text("kind"),
        number=fields.text("number"),
        since=fields.take_as("since", lambda each: date.fromisoformat(each).isoformat()),
        principal=fields.text("principal", empty=True),
    )
    fields.close()
    return power


def _items(fields: payload.Fields) -> tuple[ManifestItem, ...]:
    count = fields.count("count")
    items = tuple(_item(payload.Fields(value, "item")) for value in fields.each("items", MAX_ITEMS))
    if count != len(items):
        raise fields.invalid("count")
    for name in ("id", "reference", "prepared_sha256"):
        if len({getattr(item, name) for item in items}) != len(items):
            raise fields.invalid("items")
    return items


def _item(fields: payload.Fields) -> ManifestItem:
    item = ManifestItem(
        id=fields.text("id"),
        reference=fields.text("reference"),
        kind=fields.text("kind"),
        title=fields.text("title"),
        base_sha256=fields.digest("base_sha256"),
        prepared_sha256=fields.digest("prepared_sha256"),
        field=fields.text("field"),
        docmdp=fields.choice("docmdp", (None, 1, 2, 3)),
    )
    fields.close()
    return item


def sign_manifest(payload: bytes, key: SigningKey, chain: list[bytes] | tuple[bytes, ...]) -> str:
    """Sign a `to_payload()` with the manifest key; `chain` is DER, the key's certificate first.

    The manifest key signs manifests and nothing else.
    """
    return sign_compact(payload, type=TYPE, key=key, chain=tuple(chain))


def verify_manifest(jws: str, anchor: x509.Certificate, at: datetime) -> Manifest:
    """Verify signature, chain to `anchor` and times; return what it says.

    Not checked here: that it is meant for this agent and this ticket (`require_meant_for`).

    :raise ManifestRefused: with the reason.
    """
    manifest = parse_manifest(verify_compact(jws, type=TYPE, anchor=anchor, at=at))
    require_current(manifest.issued_at, manifest.expires_at, at=at)
    return manifest


def require_current(issued_at: datetime, expires_at: datetime, *, at: datetime) -> None:
    """Refuse what is not of now: [issued_at - 2 minutes, expires_at), and no more than an hour of it.

    :raise ManifestRefused: not yet valid, expired, or valid for too long.
    """
    if expires_at - issued_at > MAX_LIFETIME or expires_at <= issued_at:
        raise ManifestRefused(ManifestReason.LIFETIME, "its period of validity is not one that this agent accepts")
    if at < issued_at - CLOCK_SKEW:
        raise ManifestRefused(ManifestReason.NOT_YET_VALID, "it is dated in the future; check this computer's clock")
    if at >= expires_at:
        raise ManifestRefused(ManifestReason.EXPIRED, f"it expired at {instants.written(expires_at)}")
