"""What unlocks a holder's device: random for each device, encrypted by his agent to the release key, kept unread."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.quota.errors import UnlockRefused
from pki.quota.kinds import UnlockKind
from pki.quota.tables import UnlockSecret
from pki.records import OrderId

MOST_SECRETS = len(UnlockKind)
MOST_JWE_CHARACTERS = 4096
_HEADER: Mapping[str, str] = MappingProxyType({"alg": "RSA-OAEP-256", "enc": "A256GCM"})
_NONCE, _TAG = 12, 16  # bytes, AES-GCM in RFC 7518, 5.3
_MOST_PLAIN_BYTES = 256
_KEY_BYTES = range(256, 513)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSecret:
    """One secret as an agent sends it: compact JWE, its plaintext UTF-8."""

    kind: UnlockKind
    jwe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """One secret as it is kept."""

    id: UUID
    kind: UnlockKind
    jwe: str
    sent_at: datetime

    @property
    def sha256(self) -> str:
        """Of the JWE, hex: what an approval binds."""
        return hashlib.sha256(self.jwe.encode("ascii")).hexdigest()


def keep_secrets(
    session: Session,
    *,
    order: OrderId,
    sent: Collection[SentSecret],
    by: Actor,
    at: datetime,
    staying: Collection[UnlockKind] = (),
) -> None:
    """Keep the secrets in the place of the order's earlier ones; nothing sent changes nothing. A step.

    :param staying: kinds whose earlier ones stay in force.
    The plaintext is not seen here: that a maker's published default is none of them is the agent's to refuse.

    :raise UnlockRefused: a kind twice, or what is no JWE of the one form that is taken.
    """
    if not sent:
        return
    if len({secret.kind for secret in sent}) != len(sent):
        raise UnlockRefused("a kind comes twice")
    for secret in sent:
        _require_form(secret.jwe)
    session.execute(
        update(UnlockSecret)
        .where(
            UnlockSecret.order_id == order,
            UnlockSecret.superseded_at.is_(None),
            UnlockSecret.kind.not_in(list(staying)),
        )
        .values(superseded_at=at)
    )
    session.execute(
        insert(UnlockSecret),
        [{"id": uuid4(), "order_id": order, "kind": secret.kind, "jwe": secret.jwe, "sent_at": at} for secret in sent],
    )
    # THREAT: an unlock secret, or what it is hidden in, is read in the journal.
    # DEFENCE: the journal names kinds only.
    # TEST: tests/pki/quota/test_unlocking.py::test_the_journal_names_kinds_and_nothing_else
    facts = {"kinds": sorted(secret.kind.value for secret in sent)}
    record(session, kind="order.unlock-secrets-kept", subject=f"order:{order}", by=by, at=at, facts=facts)


def current_secrets(session: Session, order: OrderId) -> tuple[KeptSecret, ...]:
    """The order's secrets that were not superseded, by kind."""
    rows = session.scalars(
        select(UnlockSecret)
        .where(UnlockSecret.order_id == order, UnlockSecret.superseded_at.is_(None))
        .order_by(UnlockSecret.kind)
    )
    return tuple(KeptSecret(id=row.id, kind=row.kind, jwe=row.jwe, sent_at=row.sent_at) for row in rows)


def _require_form(jwe: str) -> None:
    """One form of RFC 7516, 7.1 and no other: two header members, and parts of their lengths."""
    # THREAT: an unusable or oversized blob is kept, and found out on the day it is needed.
    # DEFENCE: exact header, bounded parts. What it opens to is known only to the agent until it is released.
    # TEST: tests/pki/quota/test_unlocking.py::test_what_is_no_jwe_of_ours_is_refused
    parts = jwe.split(".")
    if len(jwe) > MOST_JWE_CHARACTERS or len(parts) != 5:  # noqa: PLR2004 - RFC 7516, 7.1
        raise UnlockRefused("not a compact JWE, or too long")
    try:
        header, key, nonce, sealed, tag = (_decoded(part) for part in parts)
        said: Any = json.loads(header)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise UnlockRefused("a JWE that cannot be read") from error
    if said != dict(_HEADER):
        raise UnlockRefused("another algorithm than RSA-OAEP-256 with A256GCM, or a header member that is not taken")
    lengths = len(nonce) == _NONCE and len(tag) == _TAG and 0 < len(sealed) <= _MOST_PLAIN_BYTES
    if not lengths or len(key) not in _KEY_BYTES:
        raise UnlockRefused("a part of another length")


def _decoded(part: str) -> bytes:
    if "=" in part or not part.isascii():
        raise ValueError("not base64url (RFC 7515, 2)")
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
