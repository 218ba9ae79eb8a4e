"""Who stops a key over HTTP, and what he may say of it: the province blocks and replaces, the centre revokes."""

from datetime import timedelta

import pytest

from api.wiring import House
from pki.quota.policy import QuotaPolicy
from pki.records import OrderId
from tests.api.http.test_orders import order
from tests.api.http.test_unlocking import active, house, officer

__all__ = ["active", "house", "order"]
PROVINCE = "06.117"


def test_a_loss_long_ago_is_the_centres(house: House, active: OrderId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(House, "quota_policy", property(lambda _: QuotaPolicy(loss_told_alone=timedelta(0))))
    province, centre = officer(house, PROVINCE), officer(house)
    path = f"/v1/key-orders/{active}"
    since = centre.get(path).json()["issuance"]["certificates"][0]["not_before"]
    for door, asked in (("block", {"reason": "lost"}), ("replacement", {"why": "lost"})):
        refused = province.post(f"{path}/{door}", json=asked | {"lost_since": since})
        assert (refused.status_code, refused.json()["code"]) == (403, "loss-long-ago"), door
    blocked = province.post(f"{path}/block", json={"reason": "lost"}).json()
    added = centre.post(f"{path}/block", json={"reason": "lost", "lost_since": since})
    assert (added.status_code, added.json()) == (201, blocked)
    later = centre.post(f"{path}/block", json={"reason": "lost", "lost_since": blocked["blocked_at"]})
    assert (later.status_code, later.json()["code"]) == (409, "loss-told-later")


def test_what_a_province_replaces(house: House, active: OrderId) -> None:
    """Nobody who is in office by a successor; a key in wrong hands, only the centre: it is revoked at once."""
    province, centre = officer(house, PROVINCE), officer(house)
    path = f"/v1/key-orders/{active}/replacement"
    sits = province.post(path, json={"why": "succession"})
    assert (sits.status_code, sits.json()["code"]) == (409, "office-not-over")
    misused = province.post(path, json={"why": "compromised"})
    assert (misused.status_code, misused.json()["code"]) == (403, "not-permitted")
    assert centre.get(f"/v1/key-orders/{active}").json()["state"] == "active"
    assert centre.post(path, json={"why": "compromised"}).status_code == 201
