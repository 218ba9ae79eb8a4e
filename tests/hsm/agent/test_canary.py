"""The whole program with a SoftHSM device, over real HTTP on loopback; and where its PIN goes: nowhere."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.pin import Pin
from tests.hsm.agent import estate
from tests.hsm.agent.estate import FakeService, Workplace
from tests.hsm.prepared.authority import Authority

PIN = "canary-90210-pin"
AGENT = "from hsm.agent.cli import app; app()"


@contextmanager
def listening(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """The service on a loopback port; every byte that the agent sent is kept."""
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            heard.append(self.requestline.encode() + bytes(self.headers) + body)
            url = f"{estate.ORIGIN}{self.path}"
            request = httpx2.Request(self.command, url, headers=dict(self.headers.items()), content=body)
            answer = service.answer(request)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", ""))
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setattr(estate, "ORIGIN", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield estate.ORIGIN, heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclasses.dataclass(slots=True)
class Desk:
    """A PC with a device, a configuration file and a PIN file."""

    folder: Path
    origin: str
    heard: list[bytes]
    said: list[str] = dataclasses.field(default_factory=list)

    def run(self, *arguments: str, pin: str = PIN) -> tuple[int, dict[str, Any]]:
        pin_file = self.folder / "pin"
        pin_file.touch(mode=0o600)
        pin_file.write_text(pin, encoding="utf-8")
        command = [sys.executable, "-c", AGENT, *arguments, "--config", str(self.folder / "agent.toml"), "--json"]
        done = subprocess.run(
            [*command, "--pin-file", str(pin_file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=Path(__file__).parents[3],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"},
        )
        self.said += [done.stdout, done.stderr]
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def require_silence(self, pin: str) -> None:
        """The PIN is in nothing that was said, sent or written (its own file apart)."""
        assert all(pin not in said for said in self.said)
        assert all(pin.encode() not in heard for heard in self.heard)
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name != "pin":
                assert pin.encode() not in path.read_bytes(), path


@pytest.fixture
def desk(workplace: Workplace, tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    folder = tmp_path / "pc"
    folder.mkdir(mode=0o700)
    conf = write_softhsm_conf(folder / "device")
    initialise_softhsm_device(conf, label="president", so_pin=Pin("so-pin-1234"), pin=Pin(PIN))
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
        yield Desk(folder, origin, heard)


def test_the_pin_goes_nowhere(desk: Desk, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    service = workplace.service
    started: list[bytes] = []

    def look(method: str, path: str) -> None:
        """Arguments and environment of everything that runs while the agent works, its drivers' workers included."""
        for name in ("cmdline", "environ"):
            for file in Path("/proc").glob(f"[0-9]*/{name}"):
                with contextlib.suppress(OSError):
                    started.append(file.read_bytes())

    service.before = look  # type: ignore[assignment]
    service.kind = "enrolment"
    status, report = desk.run("enrol", estate.TICKET, "--device", "president", pin="wrong-90210-pin")
    assert (status, report["error"]["code"]) == (4, "pin-wrong")
    status, report = desk.run("enrol", estate.TICKET, "--device", "president")
    assert (status, report["error"]) == (0, None)

    service.kind, service.bound, service.certificate = "ceremony", None, service.issued["signature"]
    monkeypatch.setattr(estate, "make_manifest", lambda: dataclasses.replace(made, origin=desk.origin))
    url = f"khatam://ceremony/{estate.TICKET}"
    status, report = desk.run("sign", url, "--unattended", pin="wrong-90210-pin")
    assert (status, report["error"]["code"], service.posted) == (4, "pin-wrong", [])
    status, report = desk.run("sign", url, "--unattended")
    assert (status, report["error"], report["kept"]) == (0, None, 3)
    assert service.posted == ["i0", "i1", "i2"]

    assert any(b"hsm.cryptoki.worker" in each for each in started)
    assert all(PIN.encode() not in each for each in started)
    assert (desk.folder / "spool" / "keys.json").is_file()
    assert service.receipts
    desk.require_silence(PIN)
    desk.require_silence("wrong-90210-pin")
    assert estate.TICKET not in "".join(desk.said)


made = estate.make_manifest()


def test_an_error_of_the_agent_says_its_kind_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from hsm.agent import config
    from hsm.agent.cli import app

    def break_down(_: Path) -> None:
        raise RuntimeError(PIN)

    monkeypatch.setattr(config, "read_config", break_down)
    monkeypatch.setattr("hsm.agent.hardening.harden", lambda: None)
    outcome = CliRunner().invoke(app, ["sign", f"khatam://ceremony/{estate.TICKET}", "--json"])
    assert outcome.exit_code == 1
    assert PIN not in outcome.output
    assert json.loads(outcome.stdout)["error"]["code"] == "unexpected"
