"""Unlock releases over HTTP: two officers, one answer, nothing of it kept; and the device that comes back."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey
from sqlalchemy import text

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.release import ALGORITHMS, ReleaseKey, new_release_key
from api.settings import Settings, SettingsRefused
from api.wiring import House, build_house
from hsm.software import SoftwareKeys
from pki.journal.acts import Actor, ActorKind
from pki.quota.evidence import DeviceClaim
from pki.quota.issuing import approve_issuance, confirm_written, issue_certificates
from pki.quota.kinds import UnlockKind
from pki.quota.orders import activate, request_key
from pki.quota.submitting import submit_requests
from pki.quota.unlock_secrets import SentSecret
from pki.records import HolderId, OfficeId, OrderId, Records
from tests.api.http.test_orders import BY, COMMUNE, order
from tests.api.served import caller
from tests.pki.ca.estate import csr

__all__ = ["order"]
SECRET = "7b1d0c9a4e5f60718293"
HOLDERS = Actor(kind=ActorKind.HOLDER, id="himself")


@pytest.fixture
def house(settings: Settings, records: Records, keys: SoftwareKeys) -> Iterator[House]:
    path = settings.release_key
    path.write_text(new_release_key())
    path.chmod(0o600)
    house = build_house(settings, keyring=keys)
    yield house
    house.close()


def officer(house: House, province: str | None = None) -> httpx2.Client:
    role = OfficerRole.CENTRAL if province is None else OfficerRole.PROVINCIAL
    made = appoint_officer(house.records, name="One", role=role, province_code=province, by=BY, at=now())
    return caller(house, made.token)


@pytest.fixture
def active(house: House, order: dict[str, str]) -> OrderId:
    """An active key whose device's SO PIN is kept."""
    assert house.release_key is not None
    key = RSAKey.import_key(house.release_key.public_jwk)
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM"}
    sealed = jwe.encrypt_compact(header, SECRET.encode(), key, algorithms=ALGORITHMS)
    records, at = house.records, now()
    made = request_key(
        records,
        holder=HolderId(UUID(order["holder"])),
        office=OfficeId(UUID(order["office"])),
        payer_body_code=COMMUNE,
        by=BY,
        at=at,
    ).id
    prepared = submit_requests(
        records,
        house.issuance,
        house.protection,
        order=made,
        signature_csr=csr(),
        authentication_csr=None,
        device=DeviceClaim(label="d", serial="1", model="m"),
        by=HOLDERS,
        at=at,
        unlock=[SentSecret(kind=UnlockKind.SO_PIN, jwe=sealed)],
    )
    second = Actor(kind=ActorKind.OFFICER, id=str(uuid4()))
    approve_issuance(records, order=made, digest=prepared.digest, by=second, at=at)
    issued = issue_certificates(records, house.issuance, order=made, by=second, at=at)
    confirm_written(records, order=made, certificates=[each.sha256 for each in issued], by=HOLDERS, at=at)
    with records.writing() as session:
        activate(session, order=made, by=HOLDERS, at=at)
    return made


def stored(folder: Path) -> bytes:
    return b"".join(
        path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "release-key.pem"
    )


def test_the_secrets_are_answered_once_and_stored_nowhere(
    house: House, settings: Settings, active: OrderId, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    first, second, stranger = officer(house), officer(house), officer(house, "02.411")
    path = f"/v1/key-orders/{active}/unlock-releases"
    assert stranger.post(path, json={}).status_code == 403
    asked = first.post(path, json={"reason": "locked"}).json()
    approval, body = f"{path}/{asked['id']}/approval", {"digest": asked["digest"]}
    assert first.post(approval, json=body).json()["code"] == "self-approval"
    assert stranger.post(approval, json=body).status_code == 403
    assert second.post(approval, json={"digest": "0" * 64}).json()["code"] == "approval-digest-differs"
    headers = {"Idempotency-Key": "a-key-of-mine"}
    said = second.post(approval, json=body, headers=headers)
    assert said.json() == {"secrets": [{"kind": "so-pin", "value": SECRET}]}
    assert said.headers["cache-control"] == "no-store"
    again = second.post(approval, json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "approval-used")
    assert first.get(f"/v1/key-orders/{active}").json()["state"] == "blocked"
    with house.records.writing() as session:
        assert session.scalar(text("SELECT count(*) FROM stored_answer WHERE status = 200")) == 0
    assert SECRET.encode() not in stored(settings.data)
    assert SECRET not in caplog.text


def test_a_device_that_came_back(house: House, active: OrderId) -> None:
    first, stranger = officer(house), officer(house, "02.411")
    path = f"/v1/key-orders/{active}/return"
    assert stranger.post(path, json={"reason": "wiped"}).status_code == 403
    assert first.post(path, json={}).status_code == 422
    assert first.post(path, json={"reason": "wiped"}).json()["state"] == "returned"
    assert first.post(path, json={"reason": "wiped"}).json()["code"] == "order-state-refused"


def test_the_release_key_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert ReleaseKey.load(path) is None
    path.write_text(new_release_key())
    path.chmod(0o644)
    with pytest.raises(SettingsRefused):
        ReleaseKey.load(path)
    path.chmod(0o600)
    key = ReleaseKey.load(path)
    assert key is not None
    assert set(key.public_jwk) == {"kty", "n", "e"}
    assert repr(key) == "ReleaseKey(****)"
    with pytest.raises(ValueError, match="open"):
        key.open("a.b.c.d.e")


@pytest.mark.parametrize(("version", "status"), [("0.0.9", 426), ("weird", 426), ("0.1.0", 404), ("0.10", 404)])
def test_old_agents_are_sent_away(house: House, version: str, status: int) -> None:
    from tests.api.test_agent_door import Agent

    agent = Agent(caller(house))
    hello = {"ticket": "t" * 43, "agent_nonce": "n" * 22, "agent_version": version}
    said = agent.ask("POST", "/v1/agent/sessions", hello)
    assert said.status_code == status
    assert said.json()["code"] == ("agent-too-old" if status == 426 else "ticket-unknown")
