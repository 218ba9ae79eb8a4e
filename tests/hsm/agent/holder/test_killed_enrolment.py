"""`enrol --initialise` killed by the system in the middle of a call into the device, and typed again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from hsm.agent.holder.unlock_secret import ALGORITHMS
from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.pin import Pin
from tests.hsm.agent import estate
from tests.hsm.agent.estate import FixedPins, Workplace
from tests.hsm.agent.test_device_commands import FIRST, SECOND, Counter, counter
from tests.rig.faulty.control import Faulty

__all__ = ["counter"]  # a fixture
_SECONDS = 30.0
NEW, AGAIN = "New PIN for president, 6 to 32 characters: ", "The new PIN again: "
PRESENT, THEN, THEN_AGAIN = "Present PIN of president: ", "PIN from then: ", "The PIN from then again: "
USED = "PIN of president ("


def until(said: Callable[[], bool]) -> None:
    """Wait for what a process does; not for a length of time."""
    deadline = time.monotonic() + _SECONDS
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Kill:
    """Where the run is killed, and what its continuation asks."""

    call: str
    number: int
    finishes: bool
    """The device does what it was told all the same: the driver outlives the program. False: the power goes."""
    asked: tuple[str, ...]


KILLS = {
    "power goes before it is initialised": Kill("C_InitToken", 1, False, (NEW, AGAIN)),
    "power goes before its PIN": Kill("C_InitPIN", 1, False, (NEW, AGAIN)),
    "killed, its PIN is set": Kill("C_InitPIN", 1, True, (PRESENT,)),
    "power goes before its unlock secret": Kill("C_SetPIN", 1, False, (PRESENT,)),
    "killed, its unlock secret is set": Kill("C_SetPIN", 1, True, (PRESENT, THEN, THEN_AGAIN)),
    "power goes before the second pair": Kill("C_GenerateKeyPair", 2, False, (USED,)),
    "killed, the second pair is made": Kill("C_GenerateKeyPair", 2, True, (USED,)),
}
COMMAND = ("enrol", estate.TICKET, "--device", "president", "--initialise")


def begin_and_kill(counter: Counter, faulty: Faulty, kill: Kill) -> None:
    # Long enough that the kill always comes first; where the device finishes, so long it takes.
    faulty.delay(kill.call, 1000 if kill.finishes else 600_000, at=kill.number)
    with counter.at_terminal(*COMMAND, immune=kill.finishes) as terminal:
        terminal.answer("Type YES to make them: ", "YES")
        terminal.answer(NEW, FIRST)
        terminal.answer(AGAIN, FIRST)
        until(lambda: faulty.counted(kill.call) == kill.number)
        terminal.kill(all_of_it=not kill.finishes)
        until(lambda: not terminal.processes())
        counter.shown.append(terminal.shown)
    assert len(faulty.calls(kill.call)) == (kill.number if kill.finishes else kill.number - 1)


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
def test_killed_in_a_call_and_typed_again(counter: Counter, workplace: Workplace, tmp_path: Path, kill: Kill) -> None:
    """One working device, one pair of each kind; its unlock secret is the one that the officers can read."""
    service, release_key = workplace.service, RSAKey.generate_key(2048)
    public = release_key.as_dict(private=False)
    service.kind = "enrolment"
    service.asked["release_jwk"] = {name: str(public[name]) for name in ("kty", "n", "e")}
    faulty = Faulty(tmp_path / "faulty")
    counter.use(faulty.path)
    begin_and_kill(counter, faulty, kill)

    with counter.sits(*COMMAND) as terminal:
        terminal.answer("Type YES to make them: ", "YES")
        for question in kill.asked:
            terminal.answer(question, FIRST)
        terminal.see("The keys of Ahmed EL ALAOUI are in president")
    counter.require_silence()

    assert service.csrs is not None
    tokens = [each["jwe"] for each in service.csrs["unlock"]]
    (released,) = (jwe.decrypt_compact(each, release_key, algorithms=ALGORITHMS).plaintext for each in tokens)
    assert released is not None
    with Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=counter.conf)]) as station:
        (device,) = (each for each in station.devices() if each.initialised)
        found = station.find_keys(device, FixedPins(FIRST))
        assert len(found) == len(station.read_certificates(device)) == 2
        station.logout(device)
        station.unblock(device, so_pin=Pin(released.decode()), new=Pin(SECOND))
        assert len(station.find_keys(device, FixedPins(SECOND))) == 2
