"""A TPM behind tpm2-pkcs11: a vendor that locks after three wrong PINs, and whose keys must be able to decrypt."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from hsm.cryptoki.standing import ModulePath
from tests.rig.estates.missing import RigMissing

MODULE = Path("/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1")
_ROOM = Path(__file__).with_name("tpm_room.py")
_SECONDS = 60.0
_NEEDED = {
    "swtpm": "swtpm",
    "dbus": "dbus-daemon",
    "tpm2-abrmd": "tpm2-abrmd",
    "tpm2-tools": "tpm2",
    "opensc": "pkcs11-tool",
}


class TpmEstate:
    """A running TPM of its own, with one empty device. A context manager."""

    def __init__(self) -> None:
        """For `start` only."""
        # A socket's name is short; a test's folder is not.
        self._folder = Path(tempfile.mkdtemp(prefix="tpm-"))
        (self._folder / "store").mkdir()
        self._log = (self._folder / "room.log").open("ab")
        self._room = subprocess.Popen(
            ["unshare", "-n", sys.executable, "-I", _ROOM, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    @classmethod
    def start(cls) -> Self:
        """Start the TPM; back once it answers.

        :raise RigMissing: a program or right is missing on this machine.
        """
        missing = [package for package, program in _NEEDED.items() if not shutil.which(program)]
        if missing or not MODULE.exists():
            raise RigMissing(
                f"The TPM needs Debian packages ({', '.join(missing or ['libtpm2-pkcs11-1'])}): make soak."
            )
        estate = cls()
        try:
            assert estate._room.stdout is not None
            if estate._room.stdout.readline() != "ok\n":
                raise RigMissing(f"The TPM did not start: be root, where namespaces are allowed. {estate._said()}")
        except BaseException:
            estate.stop()
            raise
        return estate

    @property
    def module(self) -> ModulePath:
        environment = {
            "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session",
            "TPM2_PKCS11_STORE": str(self._folder / "store"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._folder / 'bus'}",
        }
        return ModulePath(path=MODULE, environment=environment)

    def make_key(self, label: str, pin: str, kind: str, key_id: bytes) -> None:
        """Make a key pair with OpenSC's tool, as tpm2-pkcs11 wants it: able to sign and to decrypt.

        :param label: the device's.
        :param kind: as the tool names it: "rsa:2048", "EC:prime256v1".
        """
        tool = ("pkcs11-tool", "--module", str(MODULE), "--token-label", label, "--login", "--pin", "env:DEVICE_PIN")
        self._run(*tool, "--keypairgen", "--key-type", kind, "--id", key_id.hex(), "--label", kind, DEVICE_PIN=pin)

    def end_lockout(self) -> None:
        """Set its one counter of wrong PINs back, as who owns the TPM may."""
        self._run("tpm2_dictionarylockout", "--clear-lockout", TPM2TOOLS_TCTI="tabrmd:bus_type=session")

    def stop(self) -> None:
        """End all of it, by pid. Idempotent."""
        if self._room.stdin is not None and not self._room.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._room.stdin.close()
        self._room.wait(_SECONDS)
        if self._room.stdout is not None:
            self._room.stdout.close()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, *command: str, **environment: str) -> None:
        done = subprocess.run(
            command,
            env={**os.environ, **self.module.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)

    def _said(self) -> str:
        return " ".join(log.read_text(errors="replace")[-1000:] for log in sorted(self._folder.glob("*.log")))
