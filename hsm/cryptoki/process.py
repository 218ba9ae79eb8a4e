"""The keys process: one PKCS#11 module, the service's keys by role, and a socket for its own user alone.

It reads the PIN files, logs in, signs whole messages, and does nothing else: no key is made here, no digest
taken, no certificate known. `serve` runs it; `RemoteKeyring` is the other end.
"""

import contextlib
import hashlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, Self

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.cryptoki import wire
from hsm.cryptoki.dumps import forbid_dumps as forbid_dumps  # noqa: PLC0414  (asked for here too)
from hsm.cryptoki.remote import RemoteKeyring as RemoteKeyring  # noqa: PLC0414  (this is its door)
from hsm.cryptoki.roles import InProcessKeyring, KeysConfig
from hsm.errors import DeviceUnavailable, HsmError, KeyNotFound, MechanismUnsupported
from hsm.keys import SignatureAlgorithm, SigningKey

MAX_CONNECTIONS = 128
MESSAGE_SECONDS = 10.0
"""For the rest of a message once it began."""
log = logging.getLogger("khatam.keys")


class Keyring(Protocol):
    """Keys by role."""

    def key(self, role: str) -> SigningKey: ...


def serve(
    socket_path: Path,
    config: KeysConfig,
    *,
    ready: Callable[[], None] | None = None,
    stop: threading.Event | None = None,
    timeout: float = 30.0,
) -> None:
    """Run the keys process until SIGTERM, SIGINT or `stop`.

    The module runs in workers of its own: one that crashes is started again at the next signature, this process
    lives on. A role whose device or PIN fails does not keep the others from working: it is logged, and asking for it
    raises what is wrong with it.

    :param ready: called once the socket listens.
    :param timeout: seconds for each call into the module.
    :raise DeviceUnavailable: another keys process listens there.
    """
    from hsm.cryptoki.pool import SessionPool
    from hsm.cryptoki.standing import ModulePath

    forbid_dumps()
    stopped = stop if stop is not None else threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
    path = ModulePath(path=config.module, softhsm_conf=config.softhsm_conf)
    with SessionPool(path, sessions=config.sessions, timeout=timeout) as pool:
        keyring = InProcessKeyring(pool, config.roles)
        for role in config.roles:
            try:
                keyring.key(role)
            except HsmError as error:
                log.error("role %s: %s", role, error)  # noqa: TRY400  (the sentence says it all)
        with KeysServer(socket_path, keyring):
            if ready is not None:
                ready()
            stopped.wait()


class KeysServer:
    """Answers on an owner-only unix socket, one thread a connection."""

    def __init__(self, socket_path: Path, keyring: Keyring) -> None:
        self._path = socket_path
        self._keyring = keyring
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = _listen(socket_path)
        self._thread = threading.Thread(target=self._accept, name="keys socket", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end every connection; a signature under way is lost to its caller."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # THREAT: another user of the machine has the service's keys sign for him.
            # DEFENCE: the socket is its owner's alone, and the kernel says who calls: only our own user is answered.
            # TEST: tests/hsm/cryptoki/test_process.py::test_a_stranger_at_either_end_is_refused
            with self._lock:
                refused = wire.peer_uid(connection) != os.geteuid() or len(self._connections) >= MAX_CONNECTIONS
                if not refused:
                    self._connections.add(connection)
            if refused:
                log.warning("a connection was refused: another user's, or more than %d", MAX_CONNECTIONS)
                connection.close()
                continue
            threading.Thread(target=self._converse, args=(connection,), name="keys caller", daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with self._counted(connection), contextlib.suppress(OSError, wire.Broken):
            while (message := wire.receive(connection, patience=MESSAGE_SECONDS)) is not None:
                connection.settimeout(MESSAGE_SECONDS)
                wire.send(connection, *self._answer(*message))
                connection.settimeout(None)

    @contextlib.contextmanager
    def _counted(self, connection: socket.socket) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _answer(self, header: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        try:
            match header:
                case {"act": "key", "role": role, **rest} if not rest:
                    key = self._keyring.key(role)
                    return {"algorithms": " ".join(key.algorithms)}, _spki(key)
                case {"act": "sign", "role": role, "key": expected, "algorithm": algorithm, **rest} if not rest:
                    return {}, self._sign(role, expected, algorithm, body)
                case _:
                    raise MechanismUnsupported("The keys process does not know this request. Nothing was signed.")
        except HsmError as error:
            return wire.error_header(error), b""
        except Exception as error:  # noqa: BLE001  (one caller's trouble never ends the process)
            log.error("an answer failed: %s", type(error).__name__)  # noqa: TRY400  (its text is not ours)
            return wire.error_header(DeviceUnavailable("The keys process failed. No signature came out of it.")), b""

    def _sign(self, role: str, expected: str, algorithm: str, message: bytes) -> bytes:
        key = self._keyring.key(role)
        if hashlib.sha256(_spki(key)).hexdigest() != expected:
            raise KeyNotFound(f"The role {role!r} has another key than the caller expects. Nothing was signed.")
        if algorithm not in key.algorithms:
            raise MechanismUnsupported("This key cannot sign in that way. Nothing was signed.")
        return key.sign(message, SignatureAlgorithm(algorithm))


def _spki(key: SigningKey) -> bytes:
    return key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _listen(path: Path) -> socket.socket:
    """Bind an owner-only socket at `path`, in place of one whose process is gone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with wire.socket_name(path) as name:
            if path.is_socket():
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                    probe.settimeout(1)
                    if probe.connect_ex(name) == 0:
                        raise DeviceUnavailable(f"Another keys process listens at {path}. No key was opened twice.")
                path.unlink()
            before = os.umask(0o177)
            try:
                listener.bind(name)
            finally:
                os.umask(before)
            listener.listen(MAX_CONNECTIONS)
    except BaseException:
        listener.close()
        raise
    return listener
