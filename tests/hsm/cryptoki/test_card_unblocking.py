"""PIN and unlock code (PUK) of a PIV token behind OpenSC: it has no security officer in the sense of PKCS#11."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import MechanismUnsupported, PinLocked, PinRefused
from hsm.keys import verify
from hsm.pin import Pin
from tests.hsm.conftest import Typed
from tests.hsm.cryptoki.conftest import wait_until
from tests.hsm.prepared.authority import Authority
from tests.rig.card.personalising import Slot
from tests.rig.estates.holder import ORDINARY, PIN, Token, hand_over, issue_by
from tests.rig.estates.pcsc import Estate

NEW, OTHER = Pin("82736455"), Pin("55514444")
TAKES_PUK = "app opensc-pkcs11 {\n\tpkcs11 {\n\t\tuser_pin_unblock_style = set_pin_in_unlogged_session;\n\t}\n}\n"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with Estate.start(tmp_path_factory.mktemp("pcsc")) as started:
        yield started


@pytest.fixture
def token(estate: Estate) -> Iterator[Token]:
    estate.card_file("holder").unlink(missing_ok=True)
    made = hand_over(estate, "holder", ORDINARY, issue_by(Authority.make("TEST tokens"), "TEST holder"))
    made.card.plug()
    yield made
    estate.forget("holder")


@pytest.fixture
def usual(estate: Estate) -> Iterator[Station]:
    with Station([ModulePath(path=estate.module, environment=estate.environment)]) as opened:
        yield opened


@pytest.fixture
def taking(estate: Estate, tmp_path: Path) -> Iterator[Station]:
    """OpenSC set to take unlock codes."""
    conf = tmp_path / "opensc.conf"
    conf.write_text(Path(estate.environment["OPENSC_CONF"]).read_text(encoding="ascii") + TAKES_PUK, encoding="ascii")
    environment = {**estate.environment, "OPENSC_CONF": str(conf)}
    with Station([ModulePath(path=estate.module, environment=environment)]) as opened:
        yield opened


def seen(station: Station, token: Token) -> DeviceInfo:
    wait_until(lambda: token.on(station.devices) is not None, 10)
    found = token.on(station.devices)
    assert found is not None
    return found


def puk_of(token: Token) -> Pin:
    return Pin(token.secrets.puk)


def test_a_locked_token_is_unblocked_with_its_code(taking: Station, token: Token) -> None:
    token.card.tries(pin=0)
    locked = seen(taking, token)
    assert locked.pin_locked
    taking.unblock(locked, so_pin=puk_of(token), new=NEW)
    assert not seen(taking, token).pin_locked
    key = taking.key(token.ref(Slot.KEY_MANAGEMENT), Typed([NEW.reveal()]))
    verify(key.public_key, key.sign(b"m", key.algorithms[0]), b"m", key.algorithms[0])
    status = token.card.status
    assert (status.unblocks, status.verify_wrong, status.pin_tries, status.puk_tries) == (1, 0, 3, 3)


def test_a_wrong_code_costs_one_try_and_is_not_sent_again(taking: Station, token: Token) -> None:
    token.card.tries(pin=0)
    locked = seen(taking, token)
    for _ in range(2):
        with pytest.raises(PinRefused):
            taking.unblock(locked, so_pin=OTHER, new=NEW)
        assert token.card.status.puk_tries == 2
    taking.unblock(locked, so_pin=puk_of(token), new=NEW)
    assert token.card.status.pin_tries == 3


@pytest.mark.parametrize("tries", [3, 1])
def test_a_code_for_a_token_that_is_not_locked_is_not_sent(taking: Station, token: Token, tries: int) -> None:
    """With OpenSC's usual setting it would go as the old PIN, and cost a try."""
    token.card.tries(pin=tries)
    with pytest.raises(DeviceRefused, match="not locked"):
        taking.unblock(seen(taking, token), so_pin=puk_of(token), new=NEW)
    status = token.card.status
    assert (status.pin_tries, status.puk_tries, status.unblocks, status.pin_changes) == (tries, 3, 0, 0)


def test_opensc_as_it_comes_takes_no_code_and_that_is_said(usual: Station, token: Token) -> None:
    token.card.tries(pin=0)
    with pytest.raises(DeviceRefused, match="user_pin_unblock_style"):
        usual.unblock(seen(usual, token), so_pin=puk_of(token), new=NEW)
    status = token.card.status
    assert (status.pin_tries, status.puk_tries, status.unblocks) == (0, 3, 0)


def test_a_locked_code_leaves_the_token_locked(taking: Station, token: Token) -> None:
    token.card.tries(pin=0, puk=0)
    with pytest.raises((DeviceRefused, PinLocked)):
        taking.unblock(seen(taking, token), so_pin=puk_of(token), new=NEW)
    assert token.card.status.pin_tries == 0


def test_the_holder_changes_the_pin(usual: Station, token: Token) -> None:
    device = seen(usual, token)
    usual.change_pin(device, old=Pin(PIN), new=NEW)
    with pytest.raises(PinRefused):
        usual.change_pin(device, old=Pin(PIN), new=OTHER)
    assert token.card.status.pin_tries == 2
    usual.key(token.ref(Slot.KEY_MANAGEMENT), Typed([NEW.reveal()]))
    assert token.card.status.pin_tries == 3


def test_what_opensc_cannot_do_to_the_token_is_said_and_costs_nothing(usual: Station, token: Token) -> None:
    device, puk = seen(usual, token), puk_of(token)
    acts: tuple[Callable[[], object], ...] = (
        lambda: usual.wipe(device, so_pin=puk),
        lambda: usual.initialise(device, label="x", so_pin=puk, pin=NEW),
        lambda: usual.change_so_pin(device, old=puk, new=OTHER),
    )
    for act in acts:
        with pytest.raises(MechanismUnsupported):
            act()
    status = token.card.status
    assert (status.pin_tries, status.puk_tries, status.pin_changes, status.unblocks) == (3, 3, 0, 0)
    assert len(usual.read_certificates(device)) == len(token.certificates)


def test_a_token_pulled_and_put_back_is_told(usual: Station, token: Token) -> None:
    told: list[bool] = []
    here = seen(usual, token)
    watch = usual.watch(lambda devices: told.append(any(each.serial == token.serial for each in devices)), every=0.1)
    wait_until(lambda: told == [True], 10)
    token.card.pull()
    wait_until(lambda: told[-1:] == [False], 10)
    token.card.replug()
    wait_until(lambda: told[-1:] == [True], 10)
    watch.close()
    assert replace(seen(usual, token), module=None) == replace(here, module=None)
