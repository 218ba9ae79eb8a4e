"""A keyring over the keys process: what the service's other processes hold. Loads no driver, sees no PIN."""

import hashlib
import os
import socket
import threading
from functools import partial
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.cryptoki import wire
from hsm.cryptoki.distant_key import DistantKey
from hsm.errors import DeviceTimeout, DeviceUnavailable, KeyNotFound, MechanismUnsupported
from hsm.keys import PublicKey, SignatureAlgorithm

MAX_CONNECTIONS = 8
"""Per keyring: the device signs one at a time, more would only queue there instead of here."""


class RemoteKeyring:
    """Keys by role, behind the keys process's socket. Safe for many threads; outlives restarts of that process.

    :param timeout: seconds for one call. Longer than the keys process gives its device, so that its own answer
        comes first.
    """

    def __init__(self, socket_path: Path, *, timeout: float = 45.0) -> None:
        self._path = socket_path
        self._timeout = timeout
        self._idle: list[socket.socket] = []
        self._keys: dict[str, DistantKey] = {}
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def key(self, role: str) -> DistantKey:
        """Return the key of `role`; its public half is asked for once. It signs at most some 8 MB at a time.

        :raise DeviceUnavailable: the keys process does not answer: try again once it is back.
        :raise KeyNotFound: it has no key for that role.
        """
        found = self._keys.get(role)
        if found is None:
            header, body = self._ask({"act": "key", "role": role}, b"")
            public_key, algorithms = _read_key(header, body)
            ask = partial(self._sign, role, hashlib.sha256(body).hexdigest())
            found = DistantKey(ask, name=role, public_key=public_key, algorithms=algorithms)
            with self._lock:
                found = self._keys.setdefault(role, found)
        return found

    def _sign(self, role: str, spki_sha256: str, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        header = {"act": "sign", "role": role, "key": spki_sha256, "algorithm": algorithm.value}
        try:
            return self._ask(header, message)[1]
        except KeyNotFound:
            # The role has another key since: the next `key(role)` asks anew.
            with self._lock:
                self._keys.pop(role, None)
            raise

    def close(self) -> None:
        """Close the idle connections; the keyring may still be used."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, header: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        if not self._room.acquire(timeout=self._timeout):
            raise DeviceTimeout(
                f"The keys process was busy for {self._timeout:g} s. This call never reached it, nothing was signed."
            )
        try:
            connection = self._connection()
            try:
                answer = self._exchange(connection, header, body)
            except BaseException:
                # Never used again: an answer that comes late would be taken for the next call's.
                connection.close()
                raise
            with self._lock:
                self._idle.append(connection)
        finally:
            self._room.release()
        wire.raise_carried(answer[0])
        return answer

    def _exchange(self, connection: socket.socket, header: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        try:
            wire.send(connection, header, body)
            answer = wire.receive(connection)
        except TimeoutError:
            raise DeviceTimeout(
                f"The keys process gave no answer in {self._timeout:g} s. Whether it signed is unknown; "
                "no value came out of it."
            ) from None
        except ValueError:
            raise MechanismUnsupported(
                f"The keys process takes at most {wire.MAX_MESSAGE} bytes at once. Nothing was signed."
            ) from None
        except (OSError, wire.Broken) as error:
            raise _gone(f"broke off ({type(error).__name__})") from error
        if answer is None:
            raise _gone("ended before it answered")
        return answer

    def _connection(self) -> socket.socket:
        """Return a live connection: an idle one that the other side has not closed, else a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection = self._idle.pop()
            if _is_quiet(connection):
                connection.settimeout(self._timeout)
                return connection
            connection.close()
        return self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._timeout)
            with wire.socket_name(self._path) as name:
                connection.connect(name)
            # THREAT: another user puts his own socket in our path and answers with a key of his.
            # DEFENCE: the kernel says who listens; only our own user is believed.
            # TEST: tests/hsm/cryptoki/test_process.py::test_a_stranger_at_either_end_is_refused
            if wire.peer_uid(connection) != os.geteuid():
                raise _gone("belongs to another user")
        except OSError as error:
            connection.close()
            raise _gone(f"cannot be reached ({type(error).__name__})") from error
        except BaseException:
            connection.close()
            raise
        return connection


def _read_key(header: dict[str, str], spki: bytes) -> tuple[PublicKey, tuple[SignatureAlgorithm, ...]]:
    try:
        public_key = load_der_public_key(spki)
        algorithms = tuple(SignatureAlgorithm(each) for each in header["algorithms"].split())
    except (ValueError, KeyError, UnsupportedAlgorithm) as error:
        raise _gone("gave an answer that makes no sense") from error
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not algorithms:
        raise _gone("gave a key of an unknown kind")
    return public_key, algorithms


def _is_quiet(connection: socket.socket) -> bool:
    """Whether an idle connection is open with nothing to read: after a restart it is closed at the other end."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _gone(how: str) -> DeviceUnavailable:
    return DeviceUnavailable(f"The keys process {how}. No signature came out of it: try again once it is back.")
