"""The unlock secret (SO PIN) of a holder's device: random, known to nobody, kept for two officers to release.

It is made here, encrypted at once to the service's release key, and put into the device. The characters live in this
process between these two acts and nowhere else. A run can be cut at any point, so what was encrypted is on the disk
before the device is told: at every instant, either the secret that the person knows is in force, or one whose
encryption is in the spool.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hsm.agent.devices import Devices
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.spool import Spool
from hsm.errors import PinRefused
from hsm.pin import Pin

from .pin_rules import LONGEST

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Read aloud and typed without mistakes: no I, L, O, 0 or 1."""
CHARACTERS = 16
"""79 bits; a device that takes fewer gets as many as it takes."""
ALGORITHMS = ["RSA-OAEP-256", "A256GCM"]
RECORD_FILE = "device.json"
KIND = "so-pin"


class Step(StrEnum):
    """How far a device is. Written before the act that it names."""

    ADOPTING = "adopting"
    """It was not new: its unlock secret is what the person was told, or already the PIN that he chooses."""
    INITIALISING = "initialising"
    """It is being emptied and gets its PIN; its unlock secret is that same PIN."""
    PIN_SET = "pin-set"
    """Its PIN is the holder's own; its unlock secret is the one that the person knows."""
    REPLACING = "replacing"
    """Its unlock secret is being replaced: it is the one before, or the last of the encrypted ones."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """What a later run must know of an unfinished device. No secret in it but encrypted."""

    label: str
    step: Step
    serial: str = ""
    """Of the device, once it has one."""
    encrypted: tuple[str, ...] = ()
    """Compact JWEs, oldest first: more than one only where a run was cut twice at the same point."""

    def put(self, spool: Spool) -> DeviceRecord:
        """Write it through to the disk."""
        plain = asdict(self) | {"step": self.step.value}
        spool.put(RECORD_FILE, json.dumps(plain).encode())
        return self

    def to_json(self) -> list[dict[str, str]]:
        """What is sent to the service."""
        return [{"kind": KIND, "jwe": jwe} for jwe in self.encrypted]


def read_record(content: bytes | None) -> DeviceRecord | None:
    """The record of an interrupted run.

    :raise AgentError: `SPOOL`.
    """
    if content is None:
        return None
    try:
        plain = json.loads(content)
        return DeviceRecord(
            label=str(plain["label"]),
            step=Step(plain["step"]),
            serial=str(plain["serial"]),
            encrypted=tuple(str(each) for each in plain["encrypted"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AgentError(AgentCode.SPOOL, what=f"{RECORD_FILE} cannot be read") from error


def fresh_secret(longest: int = 0, *, shortest: int = 0) -> Pin:
    """A random unlock secret; `longest`, `shortest`: the device's bounds in bytes, 0 if it says none."""
    count = min(max(CHARACTERS, shortest), longest or LONGEST)
    return Pin("".join(secrets.choice(ALPHABET) for _ in range(count)))


def encrypt_secret(secret: Pin, release_jwk: dict[str, str]) -> str:
    """The secret for the release key alone: compact JWE (RFC 7516), RSA-OAEP-256 and A256GCM; plaintext UTF-8."""
    from joserfc import jwe
    from joserfc.jwk import RSAKey

    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1]}
    key = RSAKey.import_key({name: release_jwk[name] for name in ("kty", "n", "e")})
    return jwe.encrypt_compact(header, secret.reveal().encode(), key, algorithms=ALGORITHMS)


def replace_unlock_secret(
    devices: Devices,
    device: DeviceInfo,
    record: DeviceRecord,
    spool: Spool,
    *,
    known: Pin,
    release_jwk: dict[str, str],
    last_try: bool = False,
    before: Callable[[], Pin] | None = None,
) -> DeviceRecord:
    """Put a fresh secret in the place of `known`; one try. Returns the finished record, already on the disk.

    :param known: the secret in force, as far as the person knows. Where a run was cut in this very act and the device
        refuses `known`, that run had replaced it: its encrypted one is in force.
    :param before: asked where the device refuses `known`: what the person knew when this was begun. Nothing else tells
        a secret that was replaced from a PIN that was changed since.
    :param last_try: somebody said yes to using a last try.
    :raise AgentError: `UNLOCK_REFUSED`: refused, and no earlier run explains it.
    :raise hsm.errors.HsmError: the device went away or failed; the same again continues.
    """
    # THREAT: an unlock secret lies readable on a PC, or is lost with the run that made it: the device is dead then.
    # DEFENCE: encrypted before it is used, on the disk before the device is told; its characters are never written.
    # TEST: tests/hsm/agent/holder/test_personalising.py::test_killed_anywhere_the_secret_in_force_is_known
    fresh = fresh_secret(device.pin_longest, shortest=device.pin_shortest)
    earlier = record.encrypted
    encrypted = encrypt_secret(fresh, release_jwk)

    def is_replaced(old: Pin) -> bool:
        replace(record, step=Step.REPLACING, encrypted=(*earlier, encrypted)).put(spool)
        try:
            devices.change_so_pin(device, old=old, new=fresh, last_try=last_try)
        except PinRefused:
            replace(record, step=Step.REPLACING if earlier else Step.PIN_SET).put(spool)
            return False
        return True

    done = is_replaced(known)
    # THREAT: a PIN changed between a cut and its continuation: the officers keep a secret that was never in force.
    # DEFENCE: a refusal alone proves nothing; the PIN from then is asked, typed twice, and tried if it is another.
    # TEST: tests/hsm/agent/holder/test_outlived.py::test_a_pin_changed_meanwhile_is_not_taken_for_the_unlock_secret
    if not done and before is not None:
        then = before()
        done = then.reveal() != known.reveal() and is_replaced(then)
    if done:
        return replace(record, step=Step.DONE, encrypted=(encrypted,)).put(spool)
    if not earlier:
        raise AgentError(AgentCode.UNLOCK_REFUSED, device=device.label)
    return replace(record, step=Step.DONE, encrypted=earlier).put(spool)
