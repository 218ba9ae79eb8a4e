"""The walls around the child that draws: each is tried by native code, without the others, and against no wall."""

import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hsm.agent import confinement, system_calls
from hsm.agent.confinement import MEMORY_BYTES, Wall, drawing_command
from hsm.agent.job_object import ExtendedLimits, enter_job

linux = pytest.mark.skipif(sys.platform != "linux", reason="the walls of Linux")
PLAIN_USER = 65534

NATIVE = """
import ctypes, json, os, resource, sys
from hsm.agent import confinement, system_calls
libc = ctypes.CDLL(None, use_errno=True)
walls, user, target = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
if user != os.geteuid():
    os.setgroups([]); os.setgid(user); os.setuid(user)
ends, held = os.pipe()
victim = os.fork()  # of the same user; it ends with this process
if not victim:
    os.close(held); os.read(ends, 1); os._exit(0)
standing = {
    "confined": confinement.confine, "filtered": lambda: system_calls.leave_only_computing(libc), "open": list
}[walls]()
words, room = (ctypes.c_char_p * 1)(None), (ctypes.c_ulong * 2)()
def forked():
    number = libc.fork()
    if number == 0:
        os._exit(0)
    return number
tries = {
    "socket": lambda: libc.socket(2, 1, 0),
    "local socket": lambda: libc.socket(1, 1, 0),
    "read a file": lambda: libc.open(b"/etc/passwd", 0),
    "write a file": lambda: libc.open(target, 0o101, 0o600),
    "delete a file": lambda: libc.unlink(target),
    "signal": lambda: libc.kill(victim, 0),
    "program": lambda: libc.execve(b"/nowhere", words, words),
    "process": forked,
    "memory": lambda: libc.process_vm_readv(victim, None, 0, None, 0, 0),
    "limits": lambda: libc.prlimit(victim, 0, None, room),
    "own limits": lambda: libc.prlimit(0, 0, None, room),
    "namespace": lambda: libc.unshare(0),
    "descriptor": lambda: libc.dup(0),
}
def tried(act):
    ctypes.set_errno(0)
    return 0 if act() >= 0 else ctypes.get_errno()
print(json.dumps({"walls": standing, "tries": {name: tried(act) for name, act in tries.items()}}))
"""

NETWORK = """
import socket, sys
from hsm.agent import confinement
listening = socket.create_server(("127.0.0.1", 0))
address = listening.getsockname()
socket.create_connection(address).close()
sys.addaudithook = lambda _: None
confinement._limit = confinement.leave_only_computing = lambda *_: True
assert confinement.Wall.NETWORK in confinement.confine()
try:
    socket.create_connection(address)
except OSError as error:
    print(error.errno, socket.if_nameindex())
"""

PYTHON = """
import os, socket, sys
from hsm.agent import confinement
confinement.leave_only_computing = lambda _: False
walls = confinement.confine()
outcomes = []
def tried(name, act):
    try: act()
    except BaseException as error: outcomes.append(type(error).__name__)
    else: outcomes.append(name)
tried("socket", socket.socket)
tried("file", lambda: open("/etc/hostname"))
tried("program", lambda: os.system("true"))
tried("descriptor", lambda: os.dup(0))
tried("memory", lambda: bytearray(3 * 1024**3))
print([*outcomes, dict(os.environ)])
"""


def ran(program: str, *arguments: object) -> str:
    command = [sys.executable, "-I", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def native(walls: str, user: int, folder: Path) -> dict[str, Any]:
    said = json.loads(ran(NATIVE, walls, user, folder / "planted"))
    assert isinstance(said, dict)
    return said


def gives_a_network(user: str) -> bool:
    """Whether this kernel gives him an empty one: not to a plain user in a changed root, nor where it is forbidden."""
    who: dict[str, Any] = {"user": PLAIN_USER} if user == "plain" else {}
    commands = (["unshare", *how, "true"] for how in (["-n"], ["-U", "-n"]))
    return any(subprocess.run(each, check=False, capture_output=True, **who).returncode == 0 for each in commands)


@linux
def test_without_walls_native_code_does_all_of_it(tmp_path: Path) -> None:
    tries = native("open", os.geteuid(), tmp_path)["tries"]
    assert {name for name, code in tries.items() if code} == {"program"}
    assert tries["program"] == errno.ENOENT


@linux
@pytest.mark.parametrize("walls", ["confined", "filtered"])
@pytest.mark.parametrize("user", ["this", "plain"])
def test_native_code_has_no_way_out(tmp_path: Path, walls: str, user: str) -> None:
    """Also by the filter alone: neither Python's audit hook nor a limit is what refuses."""
    if user == "plain" and os.geteuid():
        pytest.skip("this user is a plain one")
    said = native(walls, PLAIN_USER if user == "plain" else os.geteuid(), tmp_path)
    assert said["tries"].pop("own limits") == 0
    assert set(said["tries"].values()) == {errno.EPERM}, said["tries"]
    assert not (tmp_path / "planted").exists()
    if walls == "confined":
        absent = set() if gives_a_network(user) else {Wall.NETWORK}
        assert said["walls"] == [each.value for each in confinement.walls_of_this_system() if each not in absent]


@linux
def test_its_network_is_empty() -> None:
    code, interfaces = ran(NETWORK).split(" ", 1)
    assert int(code) == errno.ENETUNREACH
    assert interfaces == "[(1, 'lo')]"


@linux
def test_where_the_kernel_filters_nothing_the_other_walls_stand() -> None:
    refused = "['Forbidden', 'Forbidden', 'Forbidden', 'OSError', 'MemoryError', {}]"
    assert ran(PYTHON) == refused


@linux
def test_the_child_says_its_walls_before_it_reads() -> None:
    done = subprocess.run(drawing_command(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    (length,) = struct.unpack(">I", done.stdout[:4])
    assert json.loads(done.stdout[4:]) == {"walls": [wall.value for wall in confinement.walls_of_this_system()]}
    assert len(done.stdout) == 4 + length


@pytest.mark.parametrize("machine", ["i686", "riscv64"])
def test_a_machine_whose_numbers_are_not_known_has_no_filter(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", machine)))
    assert not system_calls.leave_only_computing(ctypes.CDLL(None))


class Kernel32:
    """What would be asked of Windows."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bytes]] = []
        self.assigned: list[tuple[int | None, int | None]] = []
        self.answer = 1

        def create(*_: object) -> int:
            return 7

        def current() -> int:
            return 2**64 - 1

        self.CreateJobObjectW, self.GetCurrentProcess = create, current

    def SetInformationJobObject(self, _job: ctypes.c_void_p, kind: int, given: Any, length: int) -> int:  # noqa: N802
        self.asked.append((kind, ctypes.string_at(given, length)))
        return self.answer

    def AssignProcessToJobObject(self, job: ctypes.c_void_p, process: ctypes.c_void_p) -> int:  # noqa: N802
        self.assigned.append((job.value, process.value))
        return 1


def test_what_windows_would_be_told() -> None:
    """Offsets of winnt.h on 64 bits; that Windows obeys was not seen."""
    kernel32 = Kernel32()
    assert enter_job(kernel32, MEMORY_BYTES)
    (limits_kind, limits), (desktop_kind, desktop) = kernel32.asked
    assert (limits_kind, len(limits), ctypes.sizeof(ExtendedLimits)) == (9, 144, 144)
    assert struct.unpack_from("<I", limits, 16) == (0x508,)
    assert struct.unpack_from("<I", limits, 40) == (1,)
    assert struct.unpack_from("<Q", limits, 112) == (MEMORY_BYTES,)
    assert (desktop_kind, desktop) == (4, b"\xff\0\0\0")
    assert kernel32.assigned == [(7, 2**64 - 1)]
    kernel32.answer = 0
    assert not enter_job(kernel32, MEMORY_BYTES)


def test_each_wall_is_claimed_where_it_can_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = {}
    for platform in ("linux", "win32", "darwin"):
        monkeypatch.setattr(confinement.sys, "platform", platform)
        claimed[platform] = set(confinement.walls_of_this_system())
    assert claimed["win32"] == {Wall.JOB, Wall.AUDIT}
    assert claimed["linux"] == set(Wall) - {Wall.JOB}
    assert claimed["darwin"] == {Wall.FILES, Wall.MEMORY, Wall.CPU, Wall.AUDIT}
