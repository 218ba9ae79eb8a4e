"""The stage of the demonstration: its folder, the real service in it, one PC and device a signer."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

MARK = ".khatam-demo"
PROGRAMS = Path(sys.executable).parent


class StageRefused(Exception):
    """The demonstration cannot start here; nothing was touched."""


def clear_folder(folder: Path) -> None:
    """Make `folder` empty and ours.

    :raise StageRefused: it holds something and does not carry our mark.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise StageRefused(f"{folder} holds files that are not a demonstration's. Choose another --dir.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `khatam demo`, which may empty this folder.\n", encoding="utf-8")


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on at this instant."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """One signer's PC: its agent's configuration, its device's label, its PIN file."""

    folder: Path
    label: str
    softhsm_conf: Path
    pin_file: Path
    config: Path


class Stage:
    """The service, started and stopped, and the signers' workplaces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "service"
        self.port, self.responder_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.responders = f"http://127.0.0.1:{self.responder_port}"
        self._service: subprocess.Popen[bytes] | None = None
        self._log = folder / "service.log"

    def init(self) -> None:
        """Make the installation: `khatam init`, rehearsal."""
        command = [str(PROGRAMS / "khatam"), "init", "--data", str(self.data), "--rehearsal"]
        command += ["--port", str(self.port), "--responder-port", str(self.responder_port)]
        with (self.folder / "init.log").open("wb") as log:
            outcome = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, timeout=120)  # noqa: S603
        if outcome.returncode:
            raise StageRefused(f"khatam init failed: see {self.folder / 'init.log'}")

    def start(self) -> None:
        """Start `khatam serve` and wait until it answers."""
        command = [str(PROGRAMS / "khatam"), "serve", "--data", str(self.data)]
        with self._log.open("ab") as log:
            self._service = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # noqa: S603
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._service.poll() is not None:
                break
            if _answers(f"{self.url}/healthz") and _answers(f"{self.responders}/healthz"):
                return
            time.sleep(0.1)
        raise StageRefused(f"the service did not start: see {self._log}")

    def stop(self) -> None:
        """Stop the service that this stage started."""
        if self._service is None or self._service.poll() is not None:
            return
        self._service.terminate()
        try:
            self._service.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._service.kill()
            self._service.wait()

    def workplace(self, name: str) -> Workplace:
        """A signer's PC with a fresh SoftHSM device and a PIN of its own."""
        from hsm.cryptoki.provisioning import initialise_softhsm_device, write_softhsm_conf
        from hsm.pin import Pin

        folder = self.folder / "workplaces" / name
        folder.mkdir(parents=True, mode=0o700)
        pin_file = folder / "pin"
        pin = f"{secrets.randbelow(10**8):08d}"
        pin_file.touch(mode=0o600)
        pin_file.write_text(pin, encoding="utf-8")
        conf = write_softhsm_conf(folder / "device")
        initialise_softhsm_device(conf, label=name, so_pin=Pin(secrets.token_hex(8)), pin=Pin(pin))
        config = folder / "agent.toml"
        anchor = self.data / "agents" / "manifest-anchor.pem"
        config.write_text(
            f'server = "{self.url}"\nenvironment = "rehearsal"\nmanifest_anchor = {json.dumps(str(anchor))}\n'
            f"modules = [{json.dumps(softhsm_module())}]\nsofthsm_conf = {json.dumps(str(conf))}\n"
            f"spool = {json.dumps(str(folder / 'spool'))}\n",
            encoding="utf-8",
        )
        return Workplace(folder=folder, label=name, softhsm_conf=conf, pin_file=pin_file, config=config)


def softhsm_module() -> str:
    """Where Debian keeps SoftHSM's module."""
    return "/usr/lib/softhsm/libsofthsm2.so"


def start_agent(workplace: Workplace, *arguments: str) -> subprocess.Popen[str]:
    """Start the signer's agent, unattended (it refuses any manifest that is not a rehearsal's)."""
    command = [str(PROGRAMS / "khatam-agent"), *arguments, "--config", str(workplace.config)]
    command += ["--pin-file", str(workplace.pin_file), "--json"]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(workplace.folder), "LANG": "C.UTF-8"}
    with (workplace.folder / "agent.log").open("a", encoding="utf-8") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)  # noqa: S603


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False
