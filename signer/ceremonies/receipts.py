"""Display receipts: what the agent's window showed before its signer said yes, kept as evidence."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hsm.prepared.payload import FORBIDDEN_CHARACTERS, MAX_TEXT
from pki.journal.acts import Actor, ActorKind, record
from pki.journal.inserting import insert_into
from pki.records import Records
from pki.tickets import AgentSession
from signer.ceremonies.errors import DisplayReceiptMissing, DisplayReceiptRefused
from signer.ceremonies.ports import subject_of
from signer.ceremonies.sessions import live_ceremony
from signer.ceremonies.tables import Ceremony, CeremonyItem, DisplayReceipt

TYPE = "khatam-display+jws"
MOST_CHARACTERS = 256 * 1024
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"])
_ITEM = ("item", "reference", "base_sha256", "prepared_sha256")
_FIELDS = frozenset(
    {
        "ceremony",
        "manifest_sha256",
        "signer",
        "function",
        "body_code",
        "language",
        "agent_version",
        "shown_at",
        "said_at",
        "shown",
    }
)
_OPTIONAL = frozenset({"held_pin_policy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReceipt:
    """One receipt as it is kept."""

    manifest_sha256: str
    jws: str
    received_at: datetime


def keep_receipt(records: Records, *, agent: AgentSession, receipt: str, at: datetime) -> None:
    """Keep the receipt (compact JWS) of the manifest in force; the same again changes nothing.

    :raise DisplayReceiptRefused: with its reason; nothing was kept.
    :raise CeremonyEnded: the ceremony is over.
    """
    said, jkt = _opened(receipt)
    with records.writing() as session:
        ceremony = live_ceremony(session, agent)
        # THREAT: a receipt of another sitting, or one that somebody else sealed, stands as evidence of this one.
        # DEFENCE: the key of this session, this ceremony, the very manifest in force, and its items one by one.
        # TEST: tests/signer/ceremonies/test_receipts.py::test_each_deviation_is_refused
        if jkt != ceremony.agent_key:
            raise DisplayReceiptRefused("key")
        if _known(session, ceremony, receipt):
            return
        _require_of(ceremony, said)
        row = {
            "id": uuid4(),
            "ceremony_id": ceremony.id,
            "manifest_sha256": said["manifest_sha256"],
            "jws": receipt,
            "prepared": "\n".join(each["prepared_sha256"] for each in said["shown"]),
            "received_at": at,
        }
        kept = session.execute(
            insert_into(session, DisplayReceipt).values(row).on_conflict_do_nothing().returning(DisplayReceipt.id)
        ).one_or_none()
        if kept is None:
            return
        facts = {"manifest": said["manifest_sha256"], "receipt": hashlib.sha256(receipt.encode()).hexdigest()}
        # THREAT: a PIN is held for a whole list, and nobody can tell later under which policy, or that it was.
        # DEFENCE: the sealed receipt names the policy document, and the journal's entry of the receipt repeats it.
        # TEST: tests/signer/ceremonies/test_receipts.py::test_a_policy_under_which_a_pin_is_held_is_journalled
        facts |= {name: said[name] for name in _OPTIONAL if name in said}
        by = Actor(kind=ActorKind.HOLDER, id=str(agent.holder))
        record(session, kind="ceremony.shown", subject=subject_of(ceremony.id), by=by, at=at, facts=facts)


def receipts_of(session: Session, ceremony: UUID) -> tuple[KeptReceipt, ...]:
    """The ceremony's receipts, oldest first."""
    rows = session.scalars(
        select(DisplayReceipt).where(DisplayReceipt.ceremony_id == ceremony).order_by(DisplayReceipt.received_at)
    )
    return tuple(
        KeptReceipt(manifest_sha256=row.manifest_sha256, jws=row.jws, received_at=row.received_at) for row in rows
    )


def require_shown(session: Session, item: CeremonyItem) -> None:
    """The item's prepared file stands in a receipt of its ceremony.

    :raise DisplayReceiptMissing: in none.
    """
    lists = session.scalars(select(DisplayReceipt.prepared).where(DisplayReceipt.ceremony_id == item.ceremony_id))
    if not any(item.prepared_sha256 in each.split("\n") for each in lists):
        raise DisplayReceiptMissing(item.reference)


def _opened(receipt: str) -> tuple[Mapping[str, Any], str]:
    if len(receipt) > MOST_CHARACTERS:
        raise DisplayReceiptRefused("too-large")
    try:
        header = dict(jws.extract_compact(receipt.encode()).headers())
        if header.get("alg") != "ES256":
            raise DisplayReceiptRefused("algorithm")
        if header.get("typ") != TYPE:
            raise DisplayReceiptRefused("type")
        jwk = header.get("jwk")
        if not isinstance(jwk, dict) or "d" in jwk or jwk.get("crv") != "P-256":
            raise DisplayReceiptRefused("key")
        key = ECKey.import_key(jwk)
        signed = jws.deserialize_compact(receipt.encode(), key, algorithms=["ES256"], registry=_REGISTRY)
        said: Any = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise DisplayReceiptRefused("signature") from error
    names = set(said) if isinstance(said, dict) else set()
    if not names >= _FIELDS or names - _FIELDS - _OPTIONAL or not isinstance(said["shown"], list):
        raise DisplayReceiptRefused("fields")
    if "held_pin_policy" in said and not _is_name(said["held_pin_policy"]):
        raise DisplayReceiptRefused("fields")
    return said, key.thumbprint()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and not FORBIDDEN_CHARACTERS.search(value)


def _known(session: Session, ceremony: Ceremony, receipt: str) -> bool:
    known = select(DisplayReceipt.id).where(DisplayReceipt.ceremony_id == ceremony.id, DisplayReceipt.jws == receipt)
    return session.scalars(known).first() is not None


def _require_of(ceremony: Ceremony, said: Mapping[str, Any]) -> None:
    if said["ceremony"] != str(ceremony.id):
        raise DisplayReceiptRefused("ceremony")
    manifest = ceremony.manifest or ""
    if not manifest or said["manifest_sha256"] != hashlib.sha256(manifest.encode()).hexdigest():
        raise DisplayReceiptRefused("manifest")
    signer = (said["signer"], said["function"], said["body_code"])
    if signer != (str(ceremony.signer_id), ceremony.function, ceremony.body_code):
        raise DisplayReceiptRefused("signer")
    if [_shown(each) for each in said["shown"]] != _listed(manifest):
        raise DisplayReceiptRefused("items")


def _shown(each: object) -> tuple[object, ...]:
    if not isinstance(each, dict) or set(each) != {*_ITEM, "opened"} or not isinstance(each["opened"], bool):
        raise DisplayReceiptRefused("items")
    return tuple(each[name] for name in _ITEM)


def _listed(manifest: str) -> list[tuple[object, ...]]:
    """The items of a manifest of our own, as it was signed."""
    body = manifest.split(".")[1]
    items = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["items"]
    return [(each["id"], each["reference"], each["base_sha256"], each["prepared_sha256"]) for each in items]
