"""Random tokens and their hashes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from pki.records import Records

from .tables import SpentProof


def new_token(kind: str) -> str:
    """256 random bits, base64url, with a prefix that tells secret scanners what was found."""
    return f"khatam_{kind}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """SHA-256, hex: enough for 256 random bits, and what the records keep instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def spend(records: Records, *, issuer: str, jti: str, expires_at: datetime, at: datetime) -> bool:
    """Note that `jti` of `issuer` is used up. False: it already was."""
    try:
        with records.writing() as session:
            session.execute(delete(SpentProof).where(SpentProof.expires_at < at - timedelta(minutes=1)))
            session.execute(insert(SpentProof).values(issuer=issuer, jti_hash=token_hash(jti), expires_at=expires_at))
    except IntegrityError:
        return False
    return True
