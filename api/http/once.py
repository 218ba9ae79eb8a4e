"""Idempotency of creating POSTs: one key, one request, one effect, one answer.

The claim of a key is its own small transaction. Where an act is one transaction, the answer is stored in
that very transaction (`once.atomically`), so there is no instant in which the act stands without it. An
act that signs cannot hold a transaction open; its answer is stored right after it (`once.then_stored`), and
such acts are themselves safe to call twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.auth.permissions import house_of, now
from api.auth.tables import StoredAnswer
from api.problems import KeyMalformed, KeyReused, RequestInProgress
from pki.records import Records

KEPT = timedelta(hours=48)
ABANDONED = timedelta(seconds=90)
"""A claim this old without an answer belongs to a process that died: another attempt may take it over."""

Act = Callable[[Records], BaseModel]


class ActRecords(Records):
    """Records whose writing blocks, each a savepoint, all land in one transaction.

    A block that ends well stands even if a later one fails, as it would with plain `Records`: a refusal
    that was journalled before it was raised stays journalled.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.reading_engine, self.writing_engine = records.reading_engine, records.writing_engine
        self._stack = ExitStack()
        self._session: Session | None = None
        self._depth = 0

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A reading session; once something was written, the writing one, so that it is seen."""
        if self._session is None:
            with self._records.reading() as session:
                yield session
        else:
            if self._depth == 0:
                self._session.expunge_all()
            yield self._session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One savepoint of the common transaction."""
        session = self._session = self._session or self._stack.enter_context(self._records.writing())
        if self._depth == 0:
            session.expunge_all()
        self._depth += 1
        try:
            with session.begin_nested():
                yield session
        finally:
            self._depth -= 1

    def commit(self) -> None:
        """End the common transaction."""
        self._stack.close()

    def abandon(self) -> None:
        """End it after a failure: what landed stays, the rest was rolled back with its savepoint."""
        self._stack.close()


class Once:
    """The idempotency of one request."""

    def __init__(self, request: Request, body: bytes) -> None:
        house = house_of(request)
        self._records = house.records
        key = request.headers.get("idempotency-key")
        if key is not None and not (8 <= len(key) <= 200 and key.isprintable()):  # noqa: PLR2004
            raise KeyMalformed
        self._fingerprint = _fingerprint(request, body)
        self._claim = uuid4()
        self._given = key is not None
        # Set by the permission, which stands before `once` in a route's signature.
        named = f"{request.state.caller}\n{key}".encode()
        secret = house.answers_key.reveal()
        self._key_hash = hmac.new(secret, b"name\n" + named, hashlib.sha256).hexdigest()
        # THREAT: stored answers hold tickets and officers' tokens, readable in a stolen database.
        # DEFENCE: encrypted under a key that needs the caller's Idempotency-Key, of which only a hash is kept.
        # TEST: tests/api/http/test_once.py::test_stored_answer_is_unreadable_without_the_key
        self._cipher = AESGCM(hmac.new(secret, b"answer\n" + named, hashlib.sha256).digest())

    def atomically(self, act: Act, *, status: int = 201) -> Response:
        """Call the act and store its answer in the act's own transaction.

        Without a key nothing is stored, and the act is one transaction all the same.
        """
        if self._given and (stored := self._begin()) is not None:
            return stored
        acting = ActRecords(self._records)
        try:
            answer = _json(act(acting))
            if self._given:
                with acting.writing() as session:
                    self._store(session, status, answer)
        except BaseException:
            acting.abandon()
            if self._given:
                self._release()
            raise
        acting.commit()
        return _response(status, answer)

    def then_stored(self, act: Act, *, status: int = 201) -> Response:
        """Call an act that holds several transactions, then store its answer."""
        if not self._given:
            return _response(status, _json(act(self._records)))
        if (stored := self._begin()) is not None:
            return stored
        try:
            answer = _json(act(self._records))
            with self._records.writing() as session:
                self._store(session, status, answer)
        except BaseException:
            self._release()
            raise
        return _response(status, answer)

    def _begin(self) -> Response | None:
        """Claim the key, or return what it answered before.

        :raise KeyReused: it came with another request.
        :raise RequestInProgress: the same request is being answered now.
        """
        at = now()
        table = StoredAnswer.__table__
        values = {"key_hash": self._key_hash, "request_sha256": self._fingerprint}
        try:
            with self._records.writing() as session:
                session.execute(delete(StoredAnswer).where(StoredAnswer.claimed_at < at - KEPT))
                session.execute(insert(table).values(**values, claim=self._claim, claimed_at=at))  # type: ignore[arg-type]
        except IntegrityError:
            pass
        else:
            return None
        with self._records.writing() as session:
            taken = session.execute(
                update(StoredAnswer)
                .where(StoredAnswer.key_hash == self._key_hash, StoredAnswer.request_sha256 == self._fingerprint)
                .where(StoredAnswer.status.is_(None), StoredAnswer.claimed_at < at - ABANDONED)
                .values(claim=self._claim, claimed_at=at)
                .returning(StoredAnswer.key_hash)
            ).one_or_none()
            if taken is not None:
                return None
            row = session.execute(
                select(StoredAnswer.request_sha256, StoredAnswer.status, StoredAnswer.answer).where(
                    StoredAnswer.key_hash == self._key_hash
                )
            ).one_or_none()
        return self._replayed(row.request_sha256, row.status, row.answer) if row else self._begin()

    def _replayed(self, fingerprint: str, status: int | None, answer: bytes | None) -> Response:
        if fingerprint != self._fingerprint:
            raise KeyReused
        if status is None or answer is None:
            raise RequestInProgress
        try:
            plain = self._cipher.decrypt(answer[:12], answer[12:], self._fingerprint.encode())
        except InvalidTag as error:
            raise KeyReused from error
        return _response(status, plain, replayed=True)

    def _store(self, session: Session, status: int, answer: bytes) -> None:
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._cipher.encrypt(nonce, answer, self._fingerprint.encode())
        stored = session.execute(
            update(StoredAnswer)
            .where(StoredAnswer.key_hash == self._key_hash, StoredAnswer.claim == self._claim)
            .where(StoredAnswer.status.is_(None))
            .values(status=status, answer=sealed)
            .returning(StoredAnswer.key_hash)
        ).one_or_none()
        if stored is None:
            raise RequestInProgress

    def _release(self) -> None:
        """A refusal is not stored: the same key may be tried again."""
        with self._records.writing() as session:
            session.execute(
                delete(StoredAnswer).where(
                    StoredAnswer.key_hash == self._key_hash,
                    StoredAnswer.claim == self._claim,
                    StoredAnswer.status.is_(None),
                )
            )


async def raw_body(request: Request) -> bytes:
    """The body as it came; capped at the border."""
    return await request.body()


def _once(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Once:
    return Once(request, body)


def takes_key(asked: Iterable[object]) -> bool:
    """Whether a door that asks for these takes an Idempotency-Key."""
    return _once in asked


RawBody = Annotated[bytes, Depends(raw_body)]
OnceOnly = Annotated[Once, Depends(_once)]


def raw(*media_types: str) -> dict[str, Any]:
    """What the description of a door says that takes a file as it is."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media_types}
    return {"requestBody": {"required": True, "content": content}}


def _fingerprint(request: Request, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (request.method, request.url.path, request.url.query, request.headers.get("content-type", "")):
        digest.update(part.encode() + b"\n")
    digest.update(body)
    return digest.hexdigest()


def _json(answer: BaseModel) -> bytes:
    return answer.model_dump_json().encode()


def _response(status: int, body: bytes, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return Response(body, status, headers=headers, media_type="application/json")
