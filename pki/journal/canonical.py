"""Canonical JSON and the hashes of the journal. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from uuid import UUID

LEAF_VERSION = 1


def canonical_json(value: Mapping[str, object]) -> bytes:
    """UTF-8 JSON with one spelling for one value: keys sorted, no blanks, integers only.

    Instants become `2026-01-31T09:00:00.000000Z`, civil days, ids and enumerations their text.

    :raise TypeError: a float, bytes, or anything else that has more than one spelling.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def fact_digest(salt: bytes, facts: bytes) -> bytes:
    """SHA-256 of salt and canonical facts: without the salt nobody can guess at small facts."""
    return hashlib.sha256(salt + facts).digest()


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf in the tree (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + content).digest()


def instant_text(at: datetime) -> str:
    """An aware instant, in UTC, to the microsecond."""
    if at.tzinfo is None:
        raise TypeError("an instant has a zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def _plain(value: object) -> object:
    if type(value) in _AS_THEY_ARE:
        return value
    match value:
        case Enum():
            return _plain(value.value)
        case Mapping():
            return {_key(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case None | bool() | int():
            return value
        case _:
            return _text(value)


def _text(value: object) -> str:
    match value:
        case str():
            return str(value)
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"the journal has no single spelling for {type(value).__name__}")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("keys of facts are text")
    return str(key)
