"""The holder's commands as a person uses them: real processes at a terminal, on a SoftHSM device; no PIN is shown."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwe
from joserfc.jwk import RSAKey

from hsm.agent.holder.unlock_secret import ALGORITHMS
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.pin import Pin
from hsm.prepared.enrolment import Road
from tests.hsm.agent import estate
from tests.hsm.agent.estate import Workplace
from tests.hsm.agent.terminal import Terminal
from tests.hsm.agent.test_canary import AGENT, listening
from tests.hsm.prepared.authority import Authority

ROOT = Path(__file__).parents[3]
FIRST, SECOND, THIRD, WRONG = "canary-1st-pin", "canary-2nd-pin", "canary-3rd-pin", "canary-wrong-pin"
SO = "canary-so-pin"
CTRL_C = b"\x03"


@dataclass(slots=True)
class Counter:
    """A PC with a SoftHSM folder, and a person before it."""

    folder: Path
    conf: Path
    heard: list[bytes]
    secrets: set[str] = field(default_factory=lambda: {FIRST, SECOND, THIRD, WRONG, SO})
    shown: list[str] = field(default_factory=list)

    def use(self, module: Path) -> None:
        """Configure another driver."""
        config = self.folder / "agent.toml"
        config.write_text(config.read_text().replace(str(SOFTHSM_MODULE), str(module)))

    def at_terminal(self, *arguments: str, immune: bool = False) -> Terminal:
        """One command; `immune`: what it starts outlives the closing of its terminal."""
        command = [sys.executable, "-c", AGENT, *arguments, "--config", str(self.folder / "agent.toml")]
        return Terminal(["env", "--ignore-signal=HUP", *command] if immune else command, folder=ROOT, home=self.folder)

    @contextlib.contextmanager
    def sits(self, *arguments: str, code: int = 0) -> Iterator[Terminal]:
        """One command, answered in the block; its exit code, and that no worker of it is left."""
        with self.at_terminal(*arguments) as terminal:
            yield terminal
            assert terminal.end() == code, terminal.shown
            self.shown.append(terminal.shown)
            assert "Traceback" not in terminal.shown
            assert terminal.processes() == []

    def require_silence(self) -> None:
        """No secret on the screen, on the wire, or in a file (the device's own are encrypted)."""
        for secret in self.secrets:
            assert all(secret not in shown for shown in self.shown)
            assert all(secret.encode() not in heard for heard in self.heard)
            for path in self.folder.rglob("*"):
                assert not path.is_file() or secret.encode() not in path.read_bytes(), path


@pytest.fixture
def counter(
    workplace: Workplace, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    folder = tmp_path / "pc"
    folder.mkdir(mode=0o700)
    conf = write_softhsm_conf(folder / "device")
    (folder / "anchor.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    with listening(workplace.service, monkeypatch) as (origin, heard):
        values = {
            "server": origin,
            "environment": "rehearsal",
            "manifest_anchor": str(folder / "anchor.pem"),
            "modules": [str(SOFTHSM_MODULE)],
            "softhsm_conf": str(conf),
            "spool": str(folder / "spool"),
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        (folder / "agent.toml").write_text(text, encoding="utf-8")
        yield Counter(folder, conf, heard)


def test_a_pin_is_changed_and_a_device_wiped(counter: Counter) -> None:
    initialise_softhsm_device(counter.conf, label="president", so_pin=Pin(SO), pin=Pin(FIRST))
    with counter.sits("device", "list") as terminal:
        terminal.see("president (SoftHSM v2")
        terminal.see("ready; 0 certificates")
        terminal.see("firmware 2.")
        terminal.see("PIN 4 to 255 bytes, driver libsofthsm2.so")
        terminal.see("no label (SoftHSM v2): empty; 0 certificates")
    with counter.sits("device", "list", "--json") as terminal:
        terminal.see('"pin_longest": 255')
    with counter.sits("device", "pin", "--device", "president", code=4) as terminal:
        terminal.answer("Present PIN of president: ", WRONG)
        terminal.answer("New PIN for president, 6 to 32 characters: ", SECOND)
        terminal.answer("The new PIN again: ", SECOND)
        terminal.see("Wrong PIN. It was tried once and not again; nothing was signed.")
    with counter.sits("device", "pin", "--device", "president") as terminal:
        terminal.answer("Present PIN of president: ", FIRST)
        terminal.answer("New PIN for president, 6 to 32 characters: ", "123456")
        terminal.see("makers print in their manuals")
        terminal.answer("New PIN for president, 6 to 32 characters: ", SECOND)
        terminal.answer("The new PIN again: ", THIRD)
        terminal.see("The two entries differ")
        terminal.answer("New PIN for president, 6 to 32 characters: ", SECOND)
        terminal.answer("The new PIN again: ", SECOND)
        terminal.see("president has its new PIN.")
    with counter.sits("device", "wipe", "--device", "president", code=3) as terminal:
        terminal.answer("Type the device's label, president, to erase it: ", "yes")
    with counter.sits("device", "wipe", "--device", "president") as terminal:
        terminal.answer("Type the device's label, president, to erase it: ", "president")
        terminal.answer("Unlock secret (SO PIN or PUK) of president: ", SO)
        terminal.see("Nothing is left on president. It can be given back.")
    with counter.sits("device", "list") as terminal:
        terminal.see("empty: no PIN and nothing on it; 0 certificates")
    counter.require_silence()


def test_from_an_empty_device_to_an_unlocked_one(counter: Counter, workplace: Workplace) -> None:
    """Made, looked at in the first set-up, presented (as if another had made it), unlocked."""
    service, release_key = workplace.service, RSAKey.generate_key(2048)
    public = release_key.as_dict(private=False)
    service.kind = "enrolment"
    service.asked["release_jwk"] = {name: str(public[name]) for name in ("kty", "n", "e")}

    with counter.sits("enrol", estate.TICKET, "--device", "president", "--initialise") as terminal:
        terminal.see("all that is on it is erased")
        terminal.answer("Type YES to make them: ", "YES")
        terminal.answer("New PIN for president, 6 to 32 characters: ", FIRST)
        terminal.answer("The new PIN again: ", FIRST)
        terminal.see("the unlock secret of president is random now")
        terminal.see("certificates written and read back")
        terminal.see("The keys of Ahmed EL ALAOUI are in president")

    with counter.sits("device", "setup") as terminal:
        terminal.answer("Type YES if that is you: ", "YES")
        terminal.answer("PIN of president", FIRST)
        terminal.see("The device signed a test.")

    service.bound, service.asked["road"] = None, Road.SUPPLIED
    with counter.sits("present", estate.TICKET) as terminal:
        terminal.see("The certificate says: holder")
        terminal.answer("Type YES if both are you", "YES")
        terminal.answer("PIN of president", FIRST)
        terminal.see("is presented.")
    assert service.presented[0]["proof"] is not None

    assert service.csrs is not None
    released = jwe.decrypt_compact(service.csrs["unlock"][0]["jwe"], release_key, algorithms=ALGORITHMS).plaintext
    assert released is not None
    counter.secrets.add(released.decode())
    known = tuple(hashlib.sha256(der).hexdigest() for der in service.issued.values())
    service.bound = None
    service.asked |= {"road": Road.UNLOCK, "certificates": known}
    with counter.sits("unlock", estate.TICKET, "--device", "president") as terminal:
        terminal.answer("Type YES to go on: ", "YES")
        terminal.answer("Unlock secret (SO PIN or PUK) of president: ", released.decode())
        terminal.answer("New PIN for president, 6 to 32 characters: ", THIRD)
        terminal.answer("The new PIN again: ", THIRD)
        terminal.see("has its new PIN; its key is accepted next.")
    assert service.pin_set[0]["proof"] is not None
    counter.require_silence()


def test_left_at_the_pin_question(counter: Counter) -> None:
    """Ctrl-C: the command ends, no driver process stays, the screen shows no trace of the program."""
    initialise_softhsm_device(counter.conf, label="president", so_pin=Pin(SO), pin=Pin(FIRST))
    with counter.sits("device", "pin", "--device", "president", code=130) as terminal:
        terminal.see("Present PIN of president: ")
        assert len(terminal.processes()) == 2  # and the driver's
        terminal.press("", CTRL_C)
    counter.require_silence()
