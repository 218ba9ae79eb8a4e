"""Sessions of a service's device: several workers, each logged in, kept alive and repaired; callers wait in line.

python-pkcs11 lets one thread into a module, so a session that works beside another one is a process beside another
one. All sessions share what is known of refused PINs: a wrong PIN file costs the device one try, not one a session.
"""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import Final, Self

from hsm.cryptoki.distant_key import DistantKey
from hsm.cryptoki.standing import ModulePath, ModuleState
from hsm.cryptoki.station import Station, StationKey
from hsm.errors import DeviceTimeout, DeviceUnavailable, HsmError, KeyNotFound
from hsm.keys import KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import PinSource

KEEP_ALIVE_SECONDS: Final = 60.0
log = logging.getLogger("khatam.keys")


class _Session:
    """One worker, and the keys opened in it."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.keys: dict[KeyRef, StationKey] = {}

    def key(self, ref: KeyRef, pins: PinSource) -> StationKey:
        found = self.keys.get(ref)
        if found is None:
            found = self.keys[ref] = self.station.key(ref, pins)
        return found


class SessionPool:
    """`sessions` workers on one module. Safe for many threads; whoever waits longest is served next."""

    def __init__(
        self,
        module: ModulePath,
        *,
        sessions: int = 1,
        timeout: float = 30.0,
        keep_alive: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        """Start nothing yet: each worker begins with its first call.

        :param sessions: 1 or more. A device that computes one signature at a time gains nothing from more.
        :param timeout: seconds for a call into the module, and again for waiting in line.
        :param keep_alive: seconds between two looks at the keys of a session nobody uses.
        """
        if sessions < 1:
            raise ValueError("a pool has one session or more")
        first = Station([module], timeout=timeout)
        stations = [first, *(Station([module], timeout=timeout, beside=first) for _ in range(sessions - 1))]
        self._sessions = [_Session(each) for each in stations]
        self._free = deque(self._sessions)
        self._waiting: deque[Future[_Session]] = deque()
        self._lock = threading.Lock()
        self._timeout = timeout
        self._keep_alive = keep_alive
        self._known: dict[KeyRef, PinSource] = {}
        self._closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper of sessions", daemon=True)
        self._keeper.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out and end the workers. Idempotent; who waits is told."""
        self._closed.set()
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for each in waiting:
            each.set_exception(_closed())
        self._keeper.join(timeout=self._timeout)
        for session in self._sessions:
            session.station.close()

    def states(self) -> list[ModuleState]:
        """Return how the module stands in each session."""
        return [state for session in self._sessions for state in session.station.modules()]

    def key(self, ref: KeyRef, pins: PinSource) -> DistantKey:
        """Return the key; logs in one session, the others do when they first sign with it.

        :raise hsm.errors.HsmError: as `Module.key`.
        """
        with self._turn() as session:
            found = session.key(ref, pins)
        self._known[ref] = pins
        ask = partial(self._sign, ref, pins, found.public_key)
        return DistantKey(ask, name=repr(ref), public_key=found.public_key, algorithms=found.algorithms)

    def _sign(
        self, ref: KeyRef, pins: PinSource, public_key: PublicKey, message: bytes, algorithm: SignatureAlgorithm
    ) -> bytes:
        with self._turn() as session:
            own = session.key(ref, pins)
            if own.public_key != public_key:
                session.keys.pop(ref)
                raise KeyNotFound("The device has another key under this id. Nothing was signed.")
            return own.sign(message, algorithm)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[_Session]:
        session = self._take()
        try:
            yield session
        except KeyNotFound:
            session.keys.clear()
            raise
        finally:
            self._give_back(session)

    def _take(self) -> _Session:
        with self._lock:
            if self._closed.is_set():
                raise _closed()
            if self._free and not self._waiting:
                return self._free.popleft()
            mine: Future[_Session] = Future()
            self._waiting.append(mine)
        try:
            return mine.result(self._timeout)
        except FutureTimeout:
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                    raise DeviceTimeout(
                        f"All sessions were busy for {self._timeout:g} s. This call never reached the device, "
                        "nothing was signed."
                    ) from None
            return mine.result()

    def _give_back(self, session: _Session) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set_result(session)
            else:
                self._free.append(session)

    def _keep(self) -> None:
        while not self._closed.wait(self._keep_alive):
            for _ in self._sessions:
                with self._lock:
                    # The one that was free longest; one in use keeps itself alive.
                    session = self._free.popleft() if self._free else None
                if session is not None:
                    try:
                        self._touch(session)
                    finally:
                        self._give_back(session)

    def _touch(self, session: _Session) -> None:
        """Read each key once more. A session that was lost logs in again, with its PIN file read anew."""
        for ref, pins in list(self._known.items()):
            try:
                session.keys[ref] = session.station.key(ref, pins)
            except HsmError as error:
                log.error("a session of %s: %s", ref.device_label, error)  # noqa: TRY400  (the sentence says it all)


def _closed() -> DeviceUnavailable:
    return DeviceUnavailable("The sessions are closed in this process. Nothing was done.")
