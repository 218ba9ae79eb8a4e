"""The card's side of vpcd, the virtual reader: two bytes of length, then a command, or one byte of control."""

import contextlib
import socket
import struct
import threading
import time

from tests.rig.card.applet import Applet, answer_to_reset
from tests.rig.card.faults import Pulled

FIRST_PORT = 35963
"""vpcd's first virtual slot; the next one is the next port."""
_ATR = 4
"""Control byte; 0, 1 and 2 (power off, power on, reset) want no answer."""
_AGAIN_SECONDS = 0.02
_HAND_SECONDS = 1.0
"""A hand is no quicker. pcscd looks at a reader every 0.4 s: a token that is back sooner was not seen to leave and is
given no power anew, and the next login through OpenSC 0.23 ends with CKR_GENERAL_ERROR (seen here, on vpcd only)."""


class NotThere(Exception):
    """No reader answers."""


class Link:
    """A card that can be put into a reader and pulled out of it, from any thread."""

    def __init__(self, applet: Applet) -> None:
        self._applet = applet
        self._changing = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._left = 0.0
        """When it last left a reader, of the monotonic clock."""

    @property
    def inserted(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def insert(self, port: int, *, patience: float) -> None:
        """Put the card into the reader at that port of 127.0.0.1; no act if it is in one.

        :raise NotThere: nobody listened there for `patience` seconds.
        """
        with self._changing:
            if self.inserted:
                return
            time.sleep(max(0.0, self._left + _HAND_SECONDS - time.monotonic()))
            self._applet.faults.out.clear()
            self._applet.power_off()
            self._socket = _connected(port, patience)
            self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
            self._thread.start()

    def pull(self) -> None:
        """Pull the card out; back once it has no power any more."""
        with self._changing:
            self._applet.faults.out.set()
            self._applet.faults.spoke.set()
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
            if self._thread is not None:
                self._thread.join()
            self._applet.power_off()

    def _serve(self, connection: socket.socket) -> None:
        faults = self._applet.faults
        with connection, contextlib.suppress(EOFError, OSError, Pulled):
            while not faults.pull_now:
                message = _receive(connection)
                if len(message) > 1:
                    _send(connection, faults.answer(self._applet.transmit(message)))
                elif message[0] == _ATR:
                    _send(connection, answer_to_reset())
                else:
                    self._applet.power_off()
            faults.pull_after = None
        self._left = time.monotonic()


def _connected(port: int, patience: float) -> socket.socket:
    deadline = time.monotonic() + patience
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
        except OSError as error:
            if time.monotonic() > deadline:
                raise NotThere(f"no virtual reader at port {port} after {patience:g} s") from error
            time.sleep(_AGAIN_SECONDS)
        else:
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def _send(connection: socket.socket, answer: bytes) -> None:
    connection.sendall(struct.pack(">H", len(answer)) + answer)


def _receive(connection: socket.socket) -> bytes:
    return _exactly(connection, int.from_bytes(_exactly(connection, 2)))


def _exactly(connection: socket.socket, wanted: int) -> bytes:
    got = b""
    while len(got) < wanted:
        # vpcd writes length and content apart; without this each command waits 40 ms for a delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = connection.recv(wanted - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got
