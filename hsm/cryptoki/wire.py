"""Messages between the keys process and those who ask it: length-prefixed, bounded, plain JSON and bytes.

    4 bytes   length of what follows, big-endian, at most `MAX_MESSAGE`
    2 bytes   length of the header
    header    one flat JSON object of strings, UTF-8
    body      the rest: bytes to sign, a signature value, or DER SubjectPublicKeyInfo

Never pickle: what arrives is data, whoever sent it.
"""

import json
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hsm.cryptoki.leaves import LEAVES as LEAVES  # noqa: PLC0414  (asked for here too)
from hsm.errors import DeviceUnavailable, HsmError

MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes of one message: a revocation list of some 200,000 entries passes."""
_MAX_SOCKET_NAME = 100
_PREFIX = 4
_HEADER_PREFIX = 2
_PIECE = 65536


class Broken(Exception):
    """The other side does not speak as it should; the connection is of no more use. Never leaves this room."""


def send(connection: socket.socket, header: Mapping[str, str], body: bytes = b"") -> None:
    """Send one message.

    :raise ValueError: it is longer than `MAX_MESSAGE`; nothing was sent.
    """
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    length = _HEADER_PREFIX + len(head) + len(body)
    if length > MAX_MESSAGE:
        raise ValueError(f"a message has at most {MAX_MESSAGE} bytes")
    connection.sendall(struct.pack(">IH", length, len(head)) + head + body)


def receive(connection: socket.socket, *, patience: float | None = None) -> tuple[dict[str, str], bytes] | None:
    """Receive one message; None if the other side closed between two messages.

    :param patience: seconds for the rest of a message once its first byte came; None: the socket's own time-out.
    :raise Broken: cut short, too long, or not a flat JSON object of strings.
    :raise TimeoutError: it did not come in time.
    """
    # THREAT: a peer sends a huge length, half a message or garbage, to fill or end the process that holds the keys.
    # DEFENCE: the length is checked before anything is read, each message has its time, parsing knows one shape.
    # TEST: tests/hsm/cryptoki/test_process.py::test_hostile_bytes_leave_the_process_up
    got = bytearray(connection.recv(_PREFIX))
    if not got:
        return None
    before = connection.gettimeout()
    deadline = None if patience is None else time.monotonic() + patience
    try:
        _fill(connection, got, _PREFIX, deadline)
        length = int.from_bytes(got)
        if not _HEADER_PREFIX <= length <= MAX_MESSAGE:
            raise Broken(f"length {length}")
        rest = bytearray()
        _fill(connection, rest, length, deadline)
    finally:
        if deadline is not None:
            connection.settimeout(before)
    end = _HEADER_PREFIX + int.from_bytes(rest[:_HEADER_PREFIX])
    if end > length:
        raise Broken("header longer than its message")
    try:
        header = json.loads(rest[_HEADER_PREFIX:end])
    except (ValueError, RecursionError):
        raise Broken("header is not JSON") from None
    if not isinstance(header, dict) or not all(isinstance(each, str) for each in header.values()):
        raise Broken("header is not a flat object of strings")
    return header, bytes(rest[end:])


def _fill(connection: socket.socket, got: bytearray, wanted: int, deadline: float | None) -> None:
    """Read until `got` has `wanted` bytes, in pieces: memory is taken as it comes, not as it is announced."""
    while len(got) < wanted:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
        piece = connection.recv(min(wanted - len(got), _PIECE))
        if not piece:
            raise Broken("cut short")
        got += piece


def error_header(error: HsmError) -> dict[str, str]:
    """Return the header that carries `error`; a leaf that does not cross goes as `DeviceUnavailable`."""
    name = type(error).__name__
    return {"error": name if name in LEAVES else DeviceUnavailable.__name__, "said": str(error)}


def raise_carried(header: Mapping[str, str]) -> None:
    """Raise the error that `header` carries, if it does."""
    if "error" in header:
        raise LEAVES.get(header["error"], DeviceUnavailable)(header.get("said", "The keys process refused."))


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process at the other end, as the kernel knows it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


@contextmanager
def socket_name(path: Path) -> Iterator[str]:
    """The name to bind or connect to: a unix socket's has at most 107 bytes, a folder's path may have more."""
    if len(os.fsencode(path)) <= _MAX_SOCKET_NAME:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
