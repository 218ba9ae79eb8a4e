"""The holder's device for real: an empty SoftHSM device behind the station, initialised, unlocked, wiped."""

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from hsm.agent.holder.enrolling import Enrolling
from hsm.agent.holder.listing import listed
from hsm.agent.holder.pin_change import change_pin
from hsm.agent.holder.unlock_secret import ALGORITHMS
from hsm.agent.holder.unlocking import Unlocking
from hsm.agent.holder.wiping import named_device, wipe
from hsm.agent.surroundings import Surroundings
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, write_softhsm_conf
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.prepared.enrolment import Road
from tests.hsm.agent.estate import FixedPins, Workplace
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.supplied import Person


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return write_softhsm_conf(tmp_path / "softhsm")


@pytest.fixture
def station(conf: Path) -> Iterator[Station]:
    with Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=conf)]) as opened:
        yield opened


def around(place: Workplace, conf: Path, pins: FixedPins, opened: list[Station]) -> Surroundings:
    """A run's own station, which it closes."""

    def devices() -> Station:
        opened.append(Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=conf)]))
        return opened[-1]

    return dataclasses.replace(place.surroundings(), devices=devices, pins=pins)


def test_a_devices_whole_life(workplace: Workplace, conf: Path, station: Station) -> None:
    """Made, PIN changed, unlocked with the released secret, wiped, and made again."""
    opened: list[Station] = []
    release_key = RSAKey.generate_key(2048)
    public = release_key.as_dict(private=False)
    service = workplace.service
    service.kind, service.now = "enrolment", lambda: datetime.now(UTC)
    service.asked["release_jwk"] = {name: str(public[name]) for name in ("kty", "n", "e")}
    first, second, third = "first-pin-73", "second-pin-84", "third-pin-95"

    made = Enrolling(
        workplace.config,
        workplace.ticket,
        around(workplace, conf, FixedPins(first), opened),
        device="president",
        wait_seconds=1,
        initialise=True,
        typed=Hands(new=first),
    ).run()
    assert made.error is None
    assert service.csrs is not None
    assert service.csrs["evidence"]["signature"]["sensitive"] is True
    assert service.csrs["evidence"]["signature"]["extractable"] is False
    assert service.csrs["device"]["manufacturer"]

    change_pin(station, named_device(station, "president"), Hands(present=first, new=second), Person())
    released = jwe.decrypt_compact(service.csrs["unlock"][0]["jwe"], release_key, algorithms=ALGORITHMS).plaintext
    assert released is not None

    held = station.read_certificates(named_device(station, "president"))
    service.asked |= {
        "road": Road.UNLOCK,
        "certificates": tuple(hashlib.sha256(each.der).hexdigest() for each in held),
    }
    service.bound = None
    unlocked = Unlocking(
        workplace.config,
        workplace.ticket,
        around(workplace, conf, FixedPins(third), opened),
        device="president",
        typed=Hands(unlock=released.decode(), new=third),
        consent=Person(),
    ).run()
    assert unlocked.error is None
    (sent,) = service.pin_set
    fresh = jwe.decrypt_compact(sent["unlock"][0]["jwe"], release_key, algorithms=ALGORITHMS).plaintext
    assert fresh not in (None, released)
    assert fresh is not None

    assert [each.worker_pids() for each in opened] == [[], []]
    wipe(station, "president", Hands(unlock=fresh.decode()), Person())
    states = {each.states for each in listed(station, workplace.config.spool) if "president" in each.name}
    assert states == {("empty: no PIN and nothing on it",)}
