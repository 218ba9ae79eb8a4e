"""A TPM in a room of its own: run as `unshare -n python -I tpm_room.py FOLDER`, never imported.

Inside the new network namespace swtpm listens on loopback; its resource manager (tpm2-abrmd) offers it on a D-Bus of
its own, the socket FOLDER/bus, which clients outside reach. Says "ok" once all three answer; the end of standard input
ends them, so none outlives the test that started them.
"""

import fcntl
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
PORT = 2321
SECONDS = 20.0
NAME = "com.intel.tss2.Tabrmd"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""


def loopback_up() -> None:
    """Bring up lo (a minimal system has no ip(8))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def wait_for(what: str, there: Callable[[], bool], child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS
    while not there():
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{what} does not answer (exit code {child.poll()})")
        time.sleep(0.02)


def listens(family: socket.AddressFamily, address: object) -> Callable[[], bool]:
    def there() -> bool:
        with socket.socket(family) as door:
            return door.connect_ex(address) == 0  # type: ignore[arg-type]

    return there


def owned(address: str) -> Callable[[], bool]:
    """Whether the resource manager has taken its name."""
    ask = ["dbus-send", f"--bus={address}", "--print-reply", "--dest=org.freedesktop.DBus", "/"]
    ask += ["org.freedesktop.DBus.NameHasOwner", f"string:{NAME}"]

    def there() -> bool:
        return b"boolean true" in subprocess.run(ask, capture_output=True, check=False).stdout

    return there


def main() -> None:
    folder = Path(sys.argv[1])
    door, conf, state = folder / "bus", folder / "bus.conf", folder / "state"
    state.mkdir()
    conf.write_text(BUS.format(socket=door), encoding="ascii")
    address = f"unix:path={door}"
    children: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **environment: str) -> "subprocess.Popen[bytes]":
        log = (folder / f"{command[0]}.log").open("ab")
        path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), **environment}
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=path)
        children.append(child)
        return child

    loopback_up()
    try:
        server, control = (f"type=tcp,port={port},bindaddr=127.0.0.1" for port in (PORT, PORT + 1))
        swtpm = ("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags", "startup-clear")
        child = start(*swtpm, "--server", server, "--ctrl", control)
        wait_for("swtpm", listens(socket.AF_INET, ("127.0.0.1", PORT + 1)), child)
        child = start("dbus-daemon", "--nofork", f"--config-file={conf}")
        wait_for("dbus-daemon", listens(socket.AF_UNIX, str(door)), child)
        manager = ("tpm2-abrmd", "--allow-root", "--session", f"--tcti=swtpm:host=127.0.0.1,port={PORT}", "--flush-all")
        child = start(*manager, DBUS_SESSION_BUS_ADDRESS=address)
        wait_for("tpm2-abrmd", owned(address), child)
        sys.stdout.write("ok\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        for child in reversed(children):
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


if __name__ == "__main__":
    main()
