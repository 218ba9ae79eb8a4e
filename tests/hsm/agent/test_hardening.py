"""What the process does before it may hold a PIN; and that its engine loads where the system has none of that."""

import os
import subprocess
import sys

CODE = """
import ctypes, os, resource
from hsm.agent.hardening import core_dumps_are_off, harden
harden()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert core_dumps_are_off()
assert os.umask(0) == 0o077
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
"""
BECOME = """
import ctypes, os, resource, sys
from hsm.agent import hardening
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: as a program that this user started
"""
AGENT = """
if sys.argv[1] == "hardened":
    hardening.harden()
print("ready", flush=True)
sys.stdin.read()
"""
LOOK = """
try:
    open(f"/proc/{sys.argv[1]}/mem", "rb").close()
except PermissionError:
    sys.exit(9)
"""
REFUSED = 9
WINDOWS = """
import os, pathlib, sys
BLOCKED = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog", "readline")
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in BLOCKED:
            raise ModuleNotFoundError(name)
for name in BLOCKED:
    sys.modules.pop(name, None)
# What the standard library itself asks for on this system comes first.
import subprocess, getpass, tempfile, asyncio, multiprocessing, ssl, uuid, httpx2, pyhanko.sign, typer, filelock, pkcs11
for name in BLOCKED:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
for name in ("geteuid", "getuid", "setsid", "fork", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_DIRECTORY"):
    delattr(os, name)
import importlib
import hsm.agent
room = pathlib.Path(hsm.agent.__file__).parent
for path in sorted(room.rglob("*.py")):
    if "window" not in path.relative_to(room).parts:  # it needs its own extra
        importlib.import_module(".".join(path.relative_to(room.parents[1]).with_suffix("").parts).removesuffix(".__init__"))
"""


def test_core_dumps_are_off() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)


def can_look_inside(how: str) -> bool:
    """Whether another program of the same user can open the memory of one that hardened itself (or did not)."""
    command = [sys.executable, "-c", BECOME + AGENT, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert agent.stdout.readline() == b"ready\n"
        looked = subprocess.run([sys.executable, "-c", BECOME + LOOK, str(agent.pid)], check=False, timeout=60)
        agent.stdin.close()
    assert looked.returncode in (0, REFUSED)
    return looked.returncode == 0


def test_another_program_of_the_user_cannot_look_inside() -> None:
    assert os.geteuid() == 0, "this test changes user, and needs root"
    assert can_look_inside("as it comes")
    assert not can_look_inside("hardened")


def test_the_agent_loads_without_what_windows_lacks() -> None:
    subprocess.run([sys.executable, "-c", WINDOWS], check=True, timeout=60)
