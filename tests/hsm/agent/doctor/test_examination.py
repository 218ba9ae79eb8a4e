"""Each seeded fault is found, with its code, its level and something to do."""

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from hsm.agent.cli import app
from hsm.agent.confinement import Wall, walls_of_this_system
from hsm.agent.doctor import display, examination, findings
from hsm.agent.doctor.devices import examine_certificates
from hsm.agent.doctor.display import standing_walls
from hsm.agent.doctor.examination import Finding, Instruments, Level, examine
from hsm.agent.doctor.readers import Reader, ServiceStopped, readers
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.objects import StoredCertificate
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.pin import Pin
from tests.hsm.agent.tls import Service, tls_sides
from tests.hsm.prepared.authority import Authority, usage
from tests.rig.faulty.control import Faulty

NOW = datetime.now(UTC)


@dataclass(slots=True)
class Desk:
    """A PC on which everything works; a test breaks one thing."""

    folder: Path
    faulty: Faulty
    conf: Path
    server: str
    scheme: Callable[[], str] = lambda: "khatam-agent.desktop"
    readers: Callable[[Mapping[str, str]], list[Reader]] = lambda _: [Reader(name="Reader", card=True, mute=False)]
    extra: dict[str, Any] = field(default_factory=dict)
    modules: list[Path] = field(default_factory=list)

    def write(self) -> Path:
        path = self.folder / "agent.toml"
        environment = {**self.faulty.environment, **self.extra}
        path.write_text(
            f'server = "{self.server}"\nenvironment = "rehearsal"\nspool = "{self.folder / "spool"}"\n'
            f'manifest_anchor = "{self.folder / "anchor.pem"}"\nsofthsm_conf = "{self.conf}"\n'
            f"modules = {json.dumps([str(each) for each in self.modules])}\n[module_environment]\n"
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in environment.items())
        )
        return path

    def found(self, **more: Any) -> list[Finding]:
        parts: dict[str, Any] = {"scheme": self.scheme, "readers": self.readers, "walls": lambda: None}
        return examine(self.write(), Instruments(**parts | more))


@pytest.fixture(scope="module")
def served() -> Iterator[Service]:
    service = Service()
    with service.served():
        yield service


@pytest.fixture
def desk(tmp_path: Path, served: Service) -> Desk:
    served.status, served.ahead = 200, timedelta()
    conf = write_softhsm_conf(tmp_path / "softhsm")
    initialise_softhsm_device(conf, label="president", so_pin=Pin("87654321"), pin=Pin("428571"))
    (tmp_path / "anchor.pem").write_bytes(Authority.make().certificate.public_bytes(Encoding.PEM))
    faulty = Faulty(tmp_path / "faulty")
    faulty.hide_empty()
    return Desk(tmp_path, faulty, conf, f"http://127.0.0.1:{served.port}", modules=[faulty.path])


def one(found: list[Finding], key: str, code: str, level: Level = Level.FAIL) -> Finding:
    """The finding of that key; it has its code and says what to do."""
    (finding,) = [each for each in found if each.key == key]
    assert (finding.code, finding.level) == (code, level)
    assert finding.fix
    assert finding.said
    return finding


def test_a_pc_in_order(desk: Desk) -> None:
    found = {each.key for each in desk.found()}
    # The device is fresh, so its missing certificate is the one fault.
    assert found >= {"configured", "driver-ready", "device-good", "reader-ready", "server-answers", "clock-right"}
    assert found >= {"spool-empty", "scheme-ours", "version", "certificate-none"}


def test_the_walls_around_the_pages_are_looked_at(desk: Desk) -> None:
    (stand,) = (each for each in desk.found(walls=standing_walls) if each.name == "display")
    assert (stand.key, stand.level) == ("display-good", Level.OK)
    assert "system calls" in stand.said
    less = [wall for wall in walls_of_this_system() if wall is not Wall.SYSTEM_CALLS]
    (open_,) = (each for each in desk.found(walls=lambda: less) if each.name == "display")
    assert (open_.key, open_.level) == ("display-open", Level.WARN)
    assert "system calls" in open_.said


def test_a_drawing_process_that_does_not_start_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("raise SystemExit(3)", "print('1234{}')"):
        monkeypatch.setattr(display, "drawing_command", lambda program=program: [sys.executable, "-I", "-c", program])
        one(desk.found(walls=standing_walls), "display-fails", "AG-54", Level.WARN)


def test_never_asks_a_pin(desk: Desk) -> None:
    desk.found()
    assert not desk.faulty.calls("C_Login")


def test_configuration(desk: Desk) -> None:
    desk.server = "http://example.ma"
    one(desk.found(), "misconfigured", "AG-01")


def test_driver_missing(desk: Desk) -> None:
    desk.modules = [desk.folder / "none.so"]
    one(desk.found(), "driver-missing", "AG-21")


def test_driver_of_the_other_architecture(desk: Desk) -> None:
    other = desk.folder / "other.so"
    head = bytearray(SOFTHSM_MODULE.read_bytes()[:4096])
    head[4], head[18:20] = 1, (3).to_bytes(2, "little")  # ELFCLASS32, EM_386
    other.write_bytes(head)
    desk.modules = [other]
    assert "32-bit" in one(desk.found(), "driver-architecture", "AG-22").said


def test_not_a_driver(desk: Desk) -> None:
    desk.modules = [desk.folder / "anchor.pem"]
    one(desk.found(), "driver-not-pkcs11", "AG-21")


def test_driver_that_crashes(desk: Desk) -> None:
    desk.faulty.crash("C_GetSlotList")
    one(desk.found(), "driver-crashed", "AG-23")


def test_one_bad_driver_of_two_is_a_warning(desk: Desk) -> None:
    desk.modules.append(desk.folder / "none.so")
    one(desk.found(), "driver-missing", "AG-21", Level.WARN)


def test_no_device(desk: Desk) -> None:
    desk.faulty.remove()
    one(desk.found(), "device-absent", "AG-24")


@pytest.mark.parametrize(
    ("flag", "key", "code", "level"),
    [
        ("user-locked", "pin-locked", "AG-42", Level.FAIL),
        ("user-to-be-changed", "pin-to-be-changed", "AG-43", Level.FAIL),
        ("user-final", "pin-last-try", "AG-41", Level.WARN),
        ("user-low", "pin-low", "AG-40", Level.WARN),
    ],
)
def test_pin_flags(desk: Desk, flag: Any, key: str, code: str, level: Level) -> None:
    desk.faulty.pin(flag)
    one(desk.found(), key, code, level)


def test_no_certificate(desk: Desk) -> None:
    one(desk.found(), "certificate-none", "AG-30")


def test_dead_smart_card_service(desk: Desk) -> None:
    """The real PC/SC library, asked for a service whose socket nobody serves."""
    desk.readers = readers
    desk.extra = {"PCSCLITE_CSOCK_NAME": str(desk.folder / "no.sock")}
    one(desk.found(), "reader-service", "AG-20", Level.WARN)
    desk.faulty.remove()
    one(desk.found(), "reader-service", "AG-20")


def test_readers(desk: Desk) -> None:
    desk.faulty.remove()
    desk.readers = lambda _: []
    one(desk.found(), "reader-none", "AG-20")
    desk.readers = lambda _: [Reader(name="Reader", card=False, mute=False)]
    one(desk.found(), "reader-empty", "AG-24")
    desk.readers = lambda _: [Reader(name="Reader", card=True, mute=True)]
    one(desk.found(), "reader-mute", "AG-44")


def test_a_service_that_stopped_meanwhile(desk: Desk) -> None:
    def stopped(_: Mapping[str, str]) -> list[Reader]:
        raise ServiceStopped

    desk.readers = stopped
    one(desk.found(), "reader-service", "AG-20", Level.WARN)


@pytest.mark.parametrize(("seconds", "level"), [(40, Level.WARN), (-180, Level.FAIL), (125, Level.FAIL)])
def test_clock(desk: Desk, served: Service, seconds: int, level: Level) -> None:
    served.ahead = timedelta(seconds=seconds)
    one(desk.found(), "clock-off", "AG-10", level)


def test_server_failing(desk: Desk, served: Service) -> None:
    served.status = 503
    assert "503" in one(desk.found(), "server-failed", "AG-12").said


def test_server_down(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    desk.server = f"http://127.0.0.1:{port}"
    one(desk.found(), "server-unreachable", "AG-11")


def test_server_name_unknown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.server = "https://signature.invalid"

    def nowhere(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    one(desk.found(), "server-unknown", "AG-11")


@pytest.mark.parametrize(
    ("days", "trusted", "key", "level"),
    [
        (40, False, "server-untrusted", Level.FAIL),
        (-2, True, "server-certificate-expired", Level.FAIL),
        (5, True, "server-certificate-ends", Level.WARN),
    ],
)
def test_tls(desk: Desk, days: int, trusted: bool, key: str, level: Level) -> None:
    server, client = tls_sides(desk.folder, NOW + timedelta(days=days))
    with Service().served(server) as desk.server:
        found = desk.found(**({"tls": lambda: client} if trusted else {}))
    one(found, key, "AG-11", level)
    assert ("server-answers" in {each.key for each in found}) is (level is Level.WARN)


def test_anchor(desk: Desk) -> None:
    assert "anchor-good" in {each.key for each in desk.found(now=lambda: NOW - timedelta(days=1))}
    one(desk.found(now=lambda: NOW + timedelta(days=10)), "anchor-ends", "AG-14", Level.WARN)
    one(desk.found(now=lambda: NOW + timedelta(days=400)), "anchor-expired", "AG-14")
    (desk.folder / "anchor.pem").write_text("none")
    one(desk.found(), "anchor-unreadable", "AG-14")


def test_address_handler(desk: Desk) -> None:
    desk.scheme = str
    one(desk.found(), "scheme-none", "AG-50")
    desk.scheme = lambda: "other.desktop"
    assert "other.desktop" in one(desk.found(), "scheme-other", "AG-50").said


def test_spool(desk: Desk) -> None:
    kept = desk.folder / "spool" / "ticket"
    kept.mkdir(parents=True)
    kept.parent.chmod(0o700)
    (kept / "value-1.json").touch()
    one(desk.found(), "spool-waits", "AG-52", Level.WARN)
    kept.parent.chmod(0o755)
    one(desk.found(), "spool-unsafe", "AG-52")


DEVICE = DeviceInfo(
    label="president",
    serial="1",
    model="m",
    manufacturer="m",
    initialised=True,
    pin_set=True,
    login_required=True,
    pin_count_low=False,
    pin_final_try=False,
    pin_locked=False,
    protected_path=False,
    write_protected=False,
)


@dataclass(slots=True)
class Shelf:
    ders: list[bytes]

    def read_certificates(self, device: DeviceInfo) -> list[StoredCertificate]:
        return [StoredCertificate(key_id=b"1", label="", der=der) for der in self.ders]


@pytest.mark.parametrize(
    ("use", "days", "key", "code", "level"),
    [
        ("content_commitment", 0, "certificate-good", None, Level.OK),
        ("content_commitment", 40, "certificate-expired", "AG-31", Level.FAIL),
        ("content_commitment", -40, "certificate-early", "AG-31", Level.FAIL),
        ("content_commitment", 10, "certificate-ends", "AG-31", Level.WARN),
        ("digital_signature", 0, "certificate-no-signature", "AG-32", Level.FAIL),
    ],
)
def test_certificates(use: str, days: int, key: str, code: str | None, level: Level) -> None:
    made = Authority.make().issue(
        ec.generate_private_key(ec.SECP256R1()).public_key(), key_usage=usage(**{use: True}), subject="Ahmed"
    )
    # An authority of the tests issues for 30 days before and after its NOW; a minute keeps both bounds clear.
    at = NOW + timedelta(days=days, minutes=-1) if days else NOW - timedelta(days=1)
    found = list(examine_certificates(Shelf([made.public_bytes(Encoding.DER)]), [DEVICE], at))
    assert (found[0].key, found[0].code, found[0].level) == (key, code, level)


def test_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "Instruments", lambda: Instruments(scheme=desk.scheme, readers=desk.readers))
    desk.faulty.pin("user-locked")
    outcome = CliRunner().invoke(app, ["doctor", "--config", str(desk.write()), "--json"])
    told = json.loads(outcome.stdout)["findings"]
    assert outcome.exit_code == 2
    assert {"name", "level", "code", "said", "fix"} == set(told[0])
    assert {"AG-42", "AG-30"} == {each["code"] for each in told if each["level"] == "FAIL"}
    assert "→" in CliRunner().invoke(app, ["doctor", "--config", str(desk.write())]).stdout


def test_every_fault_has_something_to_do() -> None:
    good = {"configured", "version", "spool-empty", "dumps-off", "dumps-shell", "server-answers"}
    good |= {key for key in findings.FINDINGS if key.endswith(("-good", "-right", "-ready", "-ours"))}
    assert {key for key, (_, fix) in findings.FINDINGS.items() if not fix} == good
