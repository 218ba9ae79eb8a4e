"""What the walls around a worker hold, seen from outside."""

import hashlib
import os
import signal
import socket
import subprocess
import threading
import time
import zlib
from concurrent.futures import Future
from pathlib import Path

import pytest

from signer.verification.confinement import Forbidden
from signer.verification.errors import WorkersStopped
from signer.verification.etsi import Indication
from signer.verification.findings import FileForm
from signer.verification.workers import Workers
from tests.signer.verification.estate import DAY, HOUR, T0, Estate, document


def hang() -> None:
    while True:
        time.sleep(1)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fill_the_memory() -> int:
    return len(bytearray(2 * 1024**3))


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_socket() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def start_a_process() -> None:
    subprocess.run(["/bin/true"], check=False)


def write_a_file(path: str) -> None:
    Path(path).write_bytes(b"x")


def test_walls_stand(workers: Workers) -> None:
    walls = workers.walls()
    assert walls.memory
    assert walls.cpu
    assert walls.environment
    assert walls.audit


def test_no_socket_in_a_worker(workers: Workers) -> None:
    with pytest.raises(Forbidden):
        workers._run(open_socket)


def test_no_process_in_a_worker(workers: Workers) -> None:
    with pytest.raises(Forbidden):
        workers._run(start_a_process)


def test_no_file_written_in_a_worker(workers: Workers, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        workers._run(write_a_file, str(tmp_path / "x"))
    assert not list(tmp_path.iterdir())


def test_environment_is_empty(workers: Workers) -> None:
    assert workers._run(environment) == {}


def test_memory_is_limited(workers: Workers) -> None:
    with pytest.raises(MemoryError):
        workers._run(fill_the_memory)


def test_hang_and_crash_are_contained_and_the_next_file_is_read(estate: Estate, tmp_path: Path) -> None:
    path = tmp_path / "licence.pdf"
    path.write_bytes(estate.sign(document()))
    with Workers(count=1, wall_seconds=2) as workers:
        for trouble in (hang, crash):
            with pytest.raises(OSError):
                workers._run(trouble)
            findings = workers.inspect(path, estate.trust(), at=T0 + HOUR)
            assert findings.signatures[0].indication is Indication.TOTAL_PASSED


def test_a_bomb_is_too_complex(estate: Estate, workers: Workers, tmp_path: Path) -> None:
    """3 GB of zeros in a cross-reference stream."""
    packer = zlib.compressobj(9)
    block = packer.compress(bytes(16 * 1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    squeezed = block + block[2:] * 191  # independent blocks: only the first carries the header
    head = b"%PDF-1.7\n"
    entries = b"/Type/XRef/Size 9/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d" % len(squeezed)
    stream = b"1 0 obj\n<<" + entries + b">>\nstream\n"
    path = tmp_path / "bomb.pdf"
    path.write_bytes(head + stream + squeezed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % len(head))
    findings = workers.inspect(path, estate.trust(), at=T0)
    assert findings.form in {FileForm.TOO_COMPLEX, FileForm.MALFORMED}
    assert findings.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_sixty_megabytes(estate: Estate, workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(60 * 1024 * 1024))
    assert workers.inspect(path, estate.trust(), at=T0).form is FileForm.MALFORMED


def test_too_large(estate: Estate, workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    assert workers.inspect(path, estate.trust(), at=T0).form is FileForm.TOO_LARGE


def test_a_good_file(estate: Estate, workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / "licence.pdf"
    path.write_bytes(estate.b_lt(document()))
    findings = workers.inspect(path, estate.trust(crls=()), at=T0 + DAY)
    assert findings.signatures[0].indication is Indication.TOTAL_PASSED


def test_stopped_pool_says_so(estate: Estate, tmp_path: Path) -> None:
    workers = Workers(count=1)
    with pytest.raises(WorkersStopped):
        workers.inspect(tmp_path, estate.trust(), at=T0)


class Silent:
    """A pool that was stopped between taking a task and giving it to a worker."""

    active = True

    def schedule(self, *_: object, **__: object) -> "Future[object]":
        return Future()

    def stop(self) -> None:
        pass

    join = stop


def test_nobody_waits_for_a_pool_that_was_stopped() -> None:
    """Or the process that asked would never end."""
    workers = Workers()
    workers._pool = Silent()
    stopping = threading.Timer(0.1, workers.stop)
    stopping.start()
    with pytest.raises(WorkersStopped):
        workers.walls()
    stopping.join()
