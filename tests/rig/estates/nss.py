"""NSS's software token (the one in Firefox) behind the driver: a vendor whose keys may leave unless told otherwise."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hsm.cryptoki.standing import ModulePath
from tests.rig.estates.missing import RigMissing

LABEL = "NSS Certificate DB"
SERIAL = "0000000000000000"
_SOURCE = Path(__file__).with_name("softokn.c")
_COMMAND = ("gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden")


@dataclass(frozen=True, slots=True)
class NssEstate:
    """A fresh database with its PIN set, and the module that shows it."""

    module: ModulePath


def nss_estate(folder: Path, pin: str) -> NssEstate:
    """Make a database in `folder`, which must be new, and the module over it.

    :raise RigMissing: a program is missing on this machine.
    """
    for package, program in {"libnss3-tools": "certutil", "gcc": "gcc"}.items():
        if not shutil.which(program):
            raise RigMissing(f"NSS's token needs the Debian package {package}: make soak installs it.")
    folder.mkdir(mode=0o700)
    database, module, pin_file = folder / "db", folder / "nss.so", folder / "pin"
    database.mkdir()
    pin_file.touch(mode=0o600)
    pin_file.write_text(pin, encoding="ascii")
    for command in (
        [*_COMMAND, "-o", str(module), str(_SOURCE), "-ldl"],
        ["certutil", "-N", "-d", f"sql:{database}", "-f", str(pin_file)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr)
    pin_file.unlink()
    parameters = f"configdir='sql:{database}' certPrefix='' keyPrefix='' secmod='secmod.db' flags="
    return NssEstate(ModulePath(path=module, environment={"NSS_PARAMETERS": parameters}))
