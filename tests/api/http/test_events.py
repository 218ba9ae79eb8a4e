"""The stream of a ceremony's events: its platform alone, in their order, from where it left off, to the end."""

import json
from datetime import timedelta
from itertools import count
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import insert, update

from api.auth.clients import ClientProof, grant_token, register_client
from api.auth.permissions import now
from api.http.ceremonies import _news as news
from api.wiring import House
from pki.journal.acts import number_leaves, record
from signer.ceremonies.ports import subject_of
from signer.ceremonies.tables import Ceremony, CeremonyState
from tests.api.http.test_permissions import BY
from tests.api.served import caller

KINDS = ["ceremony.opened", "ceremony.redeemed", "ceremony.cancelled"]


def platform(house: House, name: str, scope: str = "ceremonies") -> httpx2.Client:
    at, scopes = now(), ("dossiers", "ceremonies")
    given = {"client_id": name, "name": name, "scopes": scopes, "secret": "secret", "public_keys": None}
    register_client(house.records, **given, by=BY, at=at)  # type: ignore[arg-type]
    proof = ClientProof(client_id=name, client_secret="secret", assertion_type=None, assertion=None)
    asked = {"grant_type": "client_credentials", "scope": scope, "proof": proof, "audiences": ()}
    granted = grant_token(house.records, **asked, secrets_allowed=True, at=at)  # type: ignore[arg-type]
    return caller(house, granted.access_token)


@pytest.fixture
def path(house: House) -> str:
    """A ceremony of the platform `rokhas` that was opened, redeemed and cancelled; and another's events between."""
    at, number = now(), uuid4()
    row = {"id": number, "signer_id": uuid4(), "state": CeremonyState.CANCELLED, "opened_at": at, "opened_by": "rokhas"}
    row |= {"expires_at": at + timedelta(minutes=10), "office_id": uuid4(), "function": "president", "chain": []}
    row |= {"body_code": "06.117.01.03", "certificate_id": uuid4(), "order_id": uuid4(), "certificate": b"-"}
    with house.records.writing() as session:
        session.execute(insert(Ceremony).values(**row, mechanism="ecdsa-sha256"))
        for kind in KINDS:
            record(session, kind=kind, subject=subject_of(number), by=BY, at=at, facts={})
            record(session, kind="ceremony.opened", subject=subject_of(uuid4()), by=BY, at=at, facts={})
    number_leaves(house.records)
    return f"/v1/ceremonies/{number}/events"


def told(text: str) -> list[tuple[int, str, str]]:
    """Number, kind and the ceremony's state of each event."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        data = json.loads(fields["data"])
        assert data["kind"] == fields["event"]
        found.append((int(fields["id"]), fields["event"], data["ceremony"]["state"]))
    return found


def test_its_platform_follows_it_to_its_end(house: House, path: str) -> None:
    rokhas = platform(house, "rokhas")
    said = rokhas.get(path)
    assert said.headers["content-type"].startswith("text/event-stream")
    assert said.headers["cache-control"] == "no-store"
    events = told(said.text)
    assert [kind for _, kind, _ in events] == KINDS
    assert {state for _, _, state in events} == {"cancelled"}
    numbers = [number for number, _, _ in events]
    assert numbers == sorted(set(numbers))
    for seen in range(len(KINDS)):
        again = rokhas.get(path, headers={"Last-Event-ID": str(numbers[seen])}).text
        assert (told(again) if again else []) == events[seen + 1 :]


def test_nobody_else_follows_it(house: House, path: str) -> None:
    platform(house, "rokhas")
    stranger, without = platform(house, "another"), platform(house, "third", scope="dossiers")
    assert stranger.get(path).status_code == 404
    assert without.get(path).status_code == 403
    assert caller(house).get(path).status_code == 401


def test_a_live_one_is_followed_to_its_last_event(house: House, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing happens the stream says that it is there; it does not end before the last act is numbered."""
    monkeypatch.setattr("api.http.ceremonies.KEEPALIVE_SECONDS", 0.0)
    rokhas, number = platform(house, "rokhas"), path.split("/")[3]
    with house.records.writing() as session:
        session.execute(update(Ceremony).values(state=CeremonyState.REDEEMED))
    polls = count()

    def meanwhile(*given: object) -> object:
        poll = next(polls)
        if poll == 2:
            with house.records.writing() as session:
                session.execute(update(Ceremony).values(state=CeremonyState.CANCELLED))
                record(session, kind="ceremony.late", subject=f"ceremony:{number}", by=BY, at=now(), facts={})
        if poll == 4:
            number_leaves(house.records)
        return news(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("api.http.ceremonies._news", meanwhile)
    said = rokhas.get(path).text
    assert said.count(": still here\n\n") >= 1
    events = told(said.replace(": still here\n\n", ""))
    assert [kind for _, kind, _ in events] == [*KINDS, "ceremony.late"]
    assert [state for _, _, state in events] == ["redeemed"] * 3 + ["cancelled"]
