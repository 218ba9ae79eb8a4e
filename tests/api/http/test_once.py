"""Idempotency of creating POSTs, over real threads and a real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole, OfficerRow, StoredAnswer
from api.http import officers
from api.http.app import add_problems
from api.http.once import ABANDONED, ActRecords
from api.settings import Settings
from pki.journal.acts import Actor, ActorKind
from pki.journal.tables import Leaf
from pki.records import Records

BY = Actor(kind=ActorKind.SYSTEM, id="test")
ASKED = {"name": "Second officer", "role": "central"}


@pytest.fixture
def client(records: Records, settings: Settings) -> Iterator[TestClient]:
    first = appoint_officer(records, name="First", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now())
    app = FastAPI()
    app.state.house = SimpleNamespace(records=records, settings=settings, answers_key=settings.secret("answers-key"))
    app.include_router(officers.router)
    add_problems(app)
    with TestClient(app, headers={"Authorization": f"Bearer {first.token}"}) as test_client:
        yield test_client


def post(client: TestClient, key: str | None, body: Any = ASKED) -> httpx2.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/officers", json=body, headers=headers)


def count(records: Records, table: type[Any] = OfficerRow) -> int:
    with records.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_same_key_and_body_give_the_stored_answer(client: TestClient, records: Records) -> None:
    key = str(uuid4())
    first, second = post(client, key), post(client, key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert count(records) == 2


def test_same_key_and_another_body_is_refused(client: TestClient, records: Records) -> None:
    key = str(uuid4())
    post(client, key)
    refused = post(client, key, ASKED | {"name": "Third officer"})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    assert count(records) == 2


def test_another_callers_equal_key_is_another_key(client: TestClient) -> None:
    key = str(uuid4())
    other = post(client, key).json()["token"]
    answer = client.post(
        "/v1/officers", json=ASKED, headers={"Idempotency-Key": key, "Authorization": f"Bearer {other}"}
    )
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


def test_twenty_at_once_with_one_key_have_one_effect(client: TestClient, records: Records) -> None:
    key, leaves = str(uuid4()), count(records, Leaf)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: post(client, key), range(20)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request-in-progress"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert count(records) == 2
    assert count(records, Leaf) == leaves + 1


def test_without_key_each_post_is_its_own(client: TestClient, records: Records) -> None:
    assert post(client, None).json()["id"] != post(client, None).json()["id"]
    assert count(records) == 3


@pytest.mark.parametrize("key", [None, "a key of mine"])
def test_an_act_of_several_transactions_lands_whole(
    client: TestClient, records: Records, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """Killed between two of them, nothing stands: with a key or without one."""
    seen = []

    def appoint_two(*args: Any, **more: Any) -> Any:
        appoint_officer(*args, **more)
        seen.append(count(records))
        return appoint_officer(*args, **more)

    monkeypatch.setattr(officers, "appoint_officer", appoint_two)
    assert post(client, key).status_code == 201
    assert (seen, count(records)) == ([1], 3)


@pytest.mark.parametrize("key", ["short", "x" * 201])
def test_a_malformed_key_is_refused(client: TestClient, key: str) -> None:
    refused = post(client, key)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-malformed")


def test_a_claim_without_answer_is_in_progress_then_abandoned(client: TestClient, records: Records) -> None:
    key = str(uuid4())
    post(client, key)
    with records.writing() as session:
        session.execute(update(StoredAnswer).values(status=None, answer=None))
    assert (post(client, key).status_code, post(client, key).json()["code"]) == (409, "request-in-progress")
    with records.writing() as session:
        session.execute(update(StoredAnswer).values(claimed_at=now() - 2 * ABANDONED))
    assert post(client, key).status_code == 201


def test_a_refusal_frees_the_key(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = str(uuid4())

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("storage")

    with monkeypatch.context() as patched:
        patched.setattr(officers, "appoint_officer", broken)
        with pytest.raises(KeyError):
            post(client, key)
    assert post(client, key).status_code == 201


def test_stored_answer_is_unreadable_without_the_key(client: TestClient, records: Records) -> None:
    key = str(uuid4())
    token = post(client, key).json()["token"]
    with records.reading() as session:
        row = session.scalars(select(StoredAnswer)).one()
        assert row.answer is not None
        assert token.encode() not in row.answer
        assert key not in row.key_hash


def test_act_and_answer_land_together(records: Records) -> None:
    """A crash between the act and its answer takes the act with it."""
    acting = ActRecords(records)
    appoint_officer(acting, name="X", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now())
    assert count(records) == 0
    acting.commit()
    assert count(records) == 1


def test_what_landed_before_a_failure_stays(records: Records) -> None:
    acting = ActRecords(records)
    appoint_officer(acting, name="X", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now())

    def fail() -> None:
        with acting.writing() as session:
            session.execute(update(OfficerRow).values(name="Y"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    acting.abandon()
    with records.reading() as session:
        assert session.scalars(select(OfficerRow.name)).all() == ["X"]


def test_a_reading_after_a_writing_sees_it(records: Records) -> None:
    acting = ActRecords(records)
    appoint_officer(acting, name="X", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now())
    with acting.reading() as session:
        assert session.scalars(select(OfficerRow.name)).all() == ["X"]
    acting.commit()
