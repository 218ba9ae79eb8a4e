"""A locked device: the released secret once, a new PIN, a fresh secret, proof; cut anywhere it goes on."""

import base64
import hashlib
from datetime import datetime

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from hsm.agent.errors import AgentCode
from hsm.agent.holder.enrolment_sitting import EnrolmentReport
from hsm.agent.holder.unlock_secret import ALGORITHMS
from hsm.agent.holder.unlocking import Unlocking
from hsm.keys import SignatureAlgorithm, verify
from hsm.prepared.authentication import authentication_message
from hsm.prepared.enrolment import Road
from tests.hsm.agent.estate import ORIGIN, TICKET, Killed, Workplace
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.holder_device import SO_PIN
from tests.hsm.agent.supplied import AUTHENTICATION_ID, Person, supply
from tests.hsm.prepared.authority import NOW, Authority

NEW = "a-new-pin-73"


@pytest.fixture(scope="module")
def release_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def place(workplace: Workplace, authority: Authority, release_key: RSAKey) -> Workplace:
    workplace.service.kind = "enrolment"
    workplace.service.now = lambda: NOW
    ders = supply(workplace.devices, authority)
    public = release_key.as_dict(private=False)
    workplace.service.asked = {
        "road": Road.UNLOCK,
        "certificates": tuple(hashlib.sha256(der).hexdigest() for der in ders),
        "release_jwk": {name: str(public[name]) for name in ("kty", "n", "e")},
    }
    workplace.devices.locked = True
    workplace.pins.characters = NEW
    return workplace


def unlock(place: Workplace, *, person: Person | None = None, hands: Hands | None = None) -> EnrolmentReport:
    return Unlocking(
        place.config,
        place.ticket,
        place.surroundings(),
        device="president",
        typed=hands or Hands(new=NEW),
        consent=person or Person(),
    ).run()


def require_unlocked(place: Workplace, key: RSAKey) -> None:
    sent = place.service.pin_set[-1]
    assert set(sent) == {"proof", "unlock"}
    (secret,) = sent["unlock"]
    assert secret["kind"] == "so-pin"
    opened = jwe.decrypt_compact(secret["jwe"], key, algorithms=ALGORITHMS).plaintext
    assert opened == place.devices.so_pin.encode()
    assert place.devices.so_pin != SO_PIN
    assert (place.devices.locked, place.devices.pin_value) == (False, NEW)
    ticket = hashlib.sha256(TICKET.encode()).hexdigest()
    at = datetime.fromisoformat(sent["proof"]["at"])
    message = authentication_message("pin-set", ORIGIN, ticket, place.service.nonce, at)
    public = place.devices.keys[AUTHENTICATION_ID].public_key
    verify(public, base64.b64decode(sent["proof"]["value"]), message, SignatureAlgorithm.ECDSA_SHA256)
    assert set(place.devices.signed) == {message}


def test_a_locked_device_is_used_again(place: Workplace, release_key: RSAKey) -> None:
    hands = Hands(new=NEW)
    report = unlock(place, hands=hands)
    assert report.error is None
    assert report.state == "delivered"
    assert hands.asked == ["unlock", "new"]
    assert place.devices.so_tries == 2
    require_unlocked(place, release_key)


@pytest.mark.parametrize("cut", ["unblock", "unblock!", "change-so-pin", "change-so-pin!", "/pin-set"])
def test_killed_anywhere_it_goes_on(place: Workplace, release_key: RSAKey, cut: str) -> None:
    def kill(act: str) -> None:
        if act == cut:
            raise Killed

    def kill_door(_: str, path: str) -> None:
        if path.endswith(cut):
            raise Killed

    place.devices.cut, place.service.before = kill, kill_door
    with pytest.raises(Killed):
        unlock(place)
    for path in place.config.spool.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert all(secret.encode() not in content for secret in (NEW, SO_PIN, place.devices.so_pin))
    place.devices.cut, place.service.before = lambda _: None, lambda method, path: None
    assert unlock(place).error is None
    require_unlocked(place, release_key)


def test_a_wrong_secret_is_tried_once(place: Workplace) -> None:
    error = unlock(place, hands=Hands(new=NEW, unlock="not-that-one")).error
    assert error is not None
    assert error.code is AgentCode.UNLOCK_REFUSED
    assert (place.devices.so_tries, place.devices.locked) == (1, True)
    assert place.service.pin_set == []


def test_another_device_is_not_touched(place: Workplace, authority: Authority) -> None:
    supply(place.devices, authority)
    error = unlock(place).error
    assert error is not None
    assert error.code is AgentCode.NOT_OF_ORDER
    assert place.devices.so_tries == 0


def test_the_new_pin_is_not_the_secret_that_others_heard(place: Workplace) -> None:
    error = unlock(place, hands=Hands(new=SO_PIN)).error
    assert error is not None
    assert error.code is AgentCode.PIN_RULE
    assert place.devices.so_tries == 0


def test_the_last_try_needs_a_yes(place: Workplace) -> None:
    place.devices.flags = {"so_pin_final_try": True}
    error = unlock(place, person=Person(frozenset({"last-try"}))).error
    assert error is not None
    assert error.code is AgentCode.PIN_LAST_TRY
    assert place.devices.so_tries == 0
