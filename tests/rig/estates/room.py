"""A room of its own for pcscd: a program for a fresh network and mount namespace (`room.py FOLDER READERS`).

Inside the new network and mount namespaces FOLDER stands at /run/pcscd and nothing but loopback exists.
Orders on standard input, one word a line: start, stop, end. Each is answered by one line, "ok" or what is wrong.
The end of standard input is "end": the daemon never outlives the test that started it.
"""

import fcntl
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def loopback_up() -> None:
    """Bring up lo (a minimal system has no ip(8))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


class Daemon:
    """pcscd, started and ended by its pid."""

    def __init__(self, folder: Path, readers: Path) -> None:
        self.folder, self.readers = folder, readers
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.child is not None:
            return
        with (self.folder / "pcscd.log").open("ab") as log:
            self.child = subprocess.Popen(
                ["pcscd", "--foreground", "--error", "--config", str(self.readers)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None
        for left in ("pcscd.comm", "pcscd.pid"):
            (self.folder / left).unlink(missing_ok=True)


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main() -> None:
    folder, readers = (Path(each) for each in sys.argv[1:3])
    loopback_up()
    # A machine that never ran pcscd has no /run/pcscd: an empty /run takes the place of its own, in this room only.
    # FOLDER is bound elsewhere first, should it lie below /run.
    hold = Path("/mnt")
    mount("--bind", str(folder), str(hold))
    mount("-t", "tmpfs", "none", "/run")
    Path("/run/pcscd").mkdir()
    mount("--bind", str(hold), "/run/pcscd")
    daemon = Daemon(Path("/run/pcscd"), readers)
    acts = {"start": daemon.start, "stop": daemon.stop}
    say("ok")
    for line in sys.stdin:
        if line.strip() == "end":
            break
        acts[line.strip()]()
        say("ok")
    daemon.stop()


if __name__ == "__main__":
    main()
