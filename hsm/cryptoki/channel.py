"""Messages between a station and its workers: length-prefixed JSON over two pipes, on any system.

Never pickle: a worker has a vendor's library inside it, and what it says is data, whoever wrote it.
"""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from hsm.cryptoki.info import DeviceInfo
from hsm.keys import KeyRef, PublicKey

MAX_MESSAGE: Final = 16 * 1024 * 1024
_PREFIX: Final = 4


class Garbled(Exception):
    """The other side does not speak as it should. Never leaves this room."""


def send(pipe: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message.

    :raise OSError: the other side is gone.
    :raise ValueError: it is longer than `MAX_MESSAGE`, or the pipe is closed; nothing was written.
    """
    content = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    if len(content) > MAX_MESSAGE:
        raise ValueError(f"a message has at most {MAX_MESSAGE} bytes")
    pipe.write(len(content).to_bytes(_PREFIX) + content)
    pipe.flush()


def receive(pipe: BinaryIO) -> dict[str, Any] | None:
    """Read one message; None when the other side is gone.

    :raise Garbled: too long, or no JSON object.
    """
    prefix = pipe.read(_PREFIX)
    if len(prefix) < _PREFIX:
        return None
    length = int.from_bytes(prefix)
    if length > MAX_MESSAGE:
        raise Garbled(f"length {length}")
    content = pipe.read(length)
    if len(content) < length:
        return None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Garbled("no JSON") from None
    if not isinstance(found, dict):
        raise Garbled("no object")
    return found


def pack_bytes(content: bytes) -> str:
    return base64.b64encode(content).decode()


def unpack_bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def pack_info(info: DeviceInfo) -> dict[str, Any]:
    return {**asdict(info), "module": None if info.module is None else str(info.module)}


def unpack_info(found: dict[str, Any]) -> DeviceInfo:
    return DeviceInfo(**{**found, "module": None if found["module"] is None else Path(found["module"])})


def pack_ref(ref: KeyRef) -> dict[str, str]:
    return {"label": ref.device_label, "serial": ref.device_serial, "key_id": ref.key_id.hex()}


def unpack_ref(found: dict[str, str]) -> KeyRef:
    return KeyRef(device_label=found["label"], device_serial=found["serial"], key_id=bytes.fromhex(found["key_id"]))


def pack_public_key(key: PublicKey) -> str:
    return pack_bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def unpack_public_key(text: str) -> PublicKey:
    """:raise ValueError: not a key that we use."""
    try:
        key = load_der_public_key(unpack_bytes(text))
    except UnsupportedAlgorithm as error:
        raise ValueError("a key of an unknown kind") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ValueError("a key of an unknown kind")  # noqa: TRY004  (of what came, not of the caller)
    return key
