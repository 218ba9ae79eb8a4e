"""A keyring over the keys process: what the service's other processes hold. Loads no driver, sees no PIN."""

import hashlib
import os
import socket
import threading
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.cryptoki import wire
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
        self._keys: dict[str, RemoteKey] = {}
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def key(self, role: str) -> "RemoteKey":
        """Return the key of `role`; its public half is asked for once.

        :raise DeviceUnavailable: the keys process does not answer: try again once it is back.
        :raise KeyNotFound: it has no key for that role.
        """
        found = self._keys.get(role)
        if found is None:
            header, body = self._ask({"act": "key", "role": role}, b"")
            found = _remote_key(self, role, header, body)
            with self._lock:
                found = self._keys.setdefault(role, found)
        return found

    def sign(self, key: "RemoteKey", message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """For `RemoteKey` only."""
        header = {"act": "sign", "role": key.role, "key": key.spki_sha256, "algorithm": algorithm.value}
        try:
            return self._ask(header, message)[1]
        except KeyNotFound:
            # The role has another key since: the next `key(role)` asks anew.
            with self._lock:
                self._keys.pop(key.role, None)
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


class RemoteKey:
    """A key of the keys process as a `SigningKey`."""

    def __init__(
        self,
        keyring: RemoteKeyring,
        role: str,
        *,
        public_key: PublicKey,
        spki_sha256: str,
        algorithms: tuple[SignatureAlgorithm, ...],
    ) -> None:
        """For `RemoteKeyring.key` only."""
        self._keyring = keyring
        self._public_key = public_key
        self._algorithms = algorithms
        self.role = role
        self.spki_sha256 = spki_sha256

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self._algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign `message` (at most some 8 MB); see `hsm.keys.SigningKey`.

        :raise KeyNotFound: the role has another key since; ask the keyring again.
        """
        if algorithm not in self._algorithms:
            raise MechanismUnsupported(f"This key cannot sign with {algorithm.value}. Nothing was signed.")
        return self._keyring.sign(self, message, algorithm)

    def __repr__(self) -> str:
        return f"RemoteKey({self.role})"


def _remote_key(keyring: RemoteKeyring, role: str, header: dict[str, str], spki: bytes) -> RemoteKey:
    try:
        public_key = load_der_public_key(spki)
        algorithms = tuple(SignatureAlgorithm(each) for each in header["algorithms"].split())
    except (ValueError, KeyError, UnsupportedAlgorithm) as error:
        raise _gone("gave an answer that makes no sense") from error
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not algorithms:
        raise _gone("gave a key of an unknown kind")
    digest = hashlib.sha256(spki).hexdigest()
    return RemoteKey(keyring, role, public_key=public_key, spki_sha256=digest, algorithms=algorithms)


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
