"""What a station says of a key and its device: kept beside the certificate, shown to the approver.

All of it is claimed: nothing here proves that a key lies where the station says. A device that attests its
keys would need its maker's chain verified first; until that is built no row says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pki.quota.errors import KeyEvidenceRefused
from pki.quota.kinds import EvidenceStanding, KeyUse
from pki.quota.tables import KeyEvidence
from pki.records import OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClaim:
    """The device as the holder's agent names it. Nothing proves it."""

    label: str
    serial: str
    model: str
    manufacturer: str = ""
    firmware: str = ""
    hardware: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAttributes:
    """Attributes of a private key under the names of PKCS#11; None: the device does not say."""

    sensitive: bool | None = None
    extractable: bool | None = None
    never_extractable: bool | None = None
    always_sensitive: bool | None = None
    local: bool | None = None
    always_authenticate: bool | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against a key that signs for a body, in the words of an approver."""
        found = []
        if self.extractable is True:
            found.append("it can be taken out of the device")
        elif self.never_extractable is False:
            found.append("it could be taken out of the device once")
        if self.sensitive is False:
            found.append("the device shows it in clear")
        elif self.always_sensitive is False:
            found.append("the device showed it in clear once")
        if self.local is False:
            found.append("it was made elsewhere and brought into the device")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationEvidence:
    """What one station says of the keys of one device."""

    station: str
    keys: Mapping[KeyUse, KeyAttributes]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePolicy:
    """Whether keys are refused for what their station says of them, or says nothing of."""

    strict: bool
    """Production. Otherwise the approver reads it and decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvidence:
    """Evidence as it was recorded."""

    key_use: KeyUse
    spki_sha256: str
    standing: EvidenceStanding
    station: str
    device: DeviceClaim
    attributes: KeyAttributes
    recorded_at: datetime


def refuse_weak_keys(policy: EvidencePolicy, evidence: StationEvidence | None, uses: Iterable[KeyUse]) -> None:
    """Hold the keys to the policy.

    :raise KeyEvidenceRefused: under a strict policy: nothing is said of a key, or something that speaks against it.
    """
    # THREAT: a key made in a file, or one that its device gives out, is certified as a device's.
    # DEFENCE: what the station says is read by the approver within the digest he approves; production refuses it.
    # An agent that lies is not found out by this: only an attestation, or a supplied device, could.
    # TEST: tests/pki/quota/test_evidence.py::test_production_refuses_a_key_that_can_leave_its_device
    if not policy.strict:
        return
    for use in uses:
        said = None if evidence is None else evidence.keys.get(use)
        if said is None:
            raise KeyEvidenceRefused(use.value, "its station says nothing of how it is kept")
        if said.warnings:
            raise KeyEvidenceRefused(use.value, "; ".join(said.warnings))


def record_evidence(
    session: Session,
    *,
    order: OrderId,
    device: DeviceClaim,
    evidence: StationEvidence,
    spki_sha256: Mapping[KeyUse, str],
    at: datetime,
) -> None:
    """Keep what was said of each key that came. A step."""
    rows = [
        {
            "id": uuid4(),
            "order_id": order,
            "key_use": use,
            "spki_sha256": spki,
            "standing": EvidenceStanding.CLAIMED,
            "station": evidence.station,
            **asdict(device),
            **asdict(evidence.keys[use]),
            "recorded_at": at,
        }
        for use, spki in spki_sha256.items()
        if use in evidence.keys
    ]
    if rows:
        session.execute(insert(KeyEvidence), rows)


def evidence_of_order(session: Session, order: OrderId) -> tuple[KeptEvidence, ...]:
    """Everything that was said of the order's keys, oldest first."""
    rows = session.scalars(
        select(KeyEvidence).where(KeyEvidence.order_id == order).order_by(KeyEvidence.recorded_at, KeyEvidence.key_use)
    )
    return tuple(
        KeptEvidence(
            key_use=row.key_use,
            spki_sha256=row.spki_sha256,
            standing=row.standing,
            station=row.station,
            device=DeviceClaim(**{name: getattr(row, name) for name in DeviceClaim.__slots__}),
            attributes=KeyAttributes(**{name: getattr(row, name) for name in KeyAttributes.__slots__}),
            recorded_at=row.recorded_at,
        )
        for row in rows
    )
