"""Fresh software devices for rehearsals, tests and small places: SoftHSM's folder, and its initialisation.

python-pkcs11 has no C_InitToken, and two wrappers must never load one module in one process: so a child
does it and ends. Of the three ways, `softhsm2-util` takes PINs on its command line (everyone's `ps` shows
them) or from a terminal, which would have to be played; a child of ours reads them from a pipe, needs no
terminal, and answers with the new device's serial instead of prose.
"""

import json
import subprocess
import sys
from pathlib import Path

from hsm.cryptoki.errors import DeviceRefused
from hsm.errors import DeviceTimeout
from hsm.pin import Pin

SOFTHSM_MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
"""Where Debian keeps it."""
_LABEL_BYTES = 32
_CHILD = Path(__file__).with_name("initialisation.py")


def write_softhsm_conf(folder: Path) -> Path:
    """Make an owner-only folder for SoftHSM devices and return the configuration file that points at it."""
    devices = folder / "devices"
    devices.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    devices.chmod(0o700)
    conf = folder / "softhsm2.conf"
    conf.touch(mode=0o600)
    conf.write_text(
        f"directories.tokendir = {devices.resolve()}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = true\n",
        encoding="utf-8",
    )
    return conf


def initialise_softhsm_device(
    conf: Path, *, label: str, so_pin: Pin, pin: Pin, module: Path = SOFTHSM_MODULE, timeout: float = 30.0
) -> str:
    """Initialise a new SoftHSM device under that configuration and return its serial.

    A module that is already loaded sees it at its next initialisation. Blocks until the child ends.

    :param label: 1 to 32 bytes of UTF-8.
    :raise DeviceRefused: the module refused; the sentence names its call and return code.
    """
    if not 1 <= len(label.encode()) <= _LABEL_BYTES:
        raise DeviceRefused(f"A device's label has 1 to {_LABEL_BYTES} bytes. No device was made.")
    # THREAT: PINs on a command line are read by every user of the machine, and end in its logs.
    # DEFENCE: the child gets them through a pipe; its command line and environment hold none.
    # TEST: tests/hsm/cryptoki/test_provisioning.py::test_pins_are_not_on_the_command_line
    order = {"module": str(module), "label": label, "so_pin": so_pin.reveal(), "pin": pin.reveal()}
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and file)
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(order),
            env={"SOFTHSM2_CONF": str(conf.resolve()), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        raise DeviceTimeout(f"The module gave no answer in {timeout:g} s. The device may be half made.") from None
    if done.returncode:
        # Only the last line, in its known form: what else a child says could hold what it was given.
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        reason = said[0] if said[0].startswith(("C_", "no empty")) else f"exit code {done.returncode}"
        raise DeviceRefused(f"SoftHSM made no device ({reason}). Nothing was written that can be used.")
    return done.stdout.strip()
