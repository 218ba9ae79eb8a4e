"""Signatures a second under 32 callers, through a pool of one and of two sessions, against a bare loop.

The device is SoftHSM with an RSA-2048 key; the bare loop is one thread on the module of this process, all of them on
the same device, in turns.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figure import Figure
from hsm.cryptoki.module import Module
from hsm.cryptoki.pool import SessionPool
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.cryptoki.standing import ModulePath
from hsm.keys import KeyKind, KeyRef, SignatureAlgorithm, SigningKey
from hsm.pin import Pin, PinFile

CALLERS, EACH, ROUNDS = 32, 25, 3
ALGORITHM = SignatureAlgorithm.RSA_PKCS1V15_SHA256


def run() -> Iterator[Figure]:
    """`pool_1`, `pool_2`: signatures a second over the bare loop's."""
    with tempfile.TemporaryDirectory() as folder:
        conf = write_softhsm_conf(Path(folder) / "softhsm")
        pins = _pins(Path(folder))
        pin = pins.pin(device_label="", device_serial="", last_try=False)
        serial = initialise_softhsm_device(conf, label="bench", so_pin=Pin(secrets.token_hex(8)), pin=pin)
        path = ModulePath(path=SOFTHSM_MODULE, softhsm_conf=conf)
        with Module.open(SOFTHSM_MODULE, softhsm_conf=conf) as module:
            ref, _ = module.generate_key_pair(
                device_label="bench",
                device_serial=serial,
                kind=KeyKind.RSA_2048,
                label="bench",
                key_id=b"\x01",
                pins=pins,
            )
            with SessionPool(path, sessions=1) as one, SessionPool(path, sessions=2) as two:
                yield from _figures(module.key(ref, pins), one, two, ref, pins)


def _figures(bare: SigningKey, one: SessionPool, two: SessionPool, ref: KeyRef, pins: PinFile) -> Iterator[Figure]:
    rates: dict[str, list[float]] = {"bare": [], "pool_1": [], "pool_2": []}
    keys = {"pool_1": one.key(ref, pins), "pool_2": two.key(ref, pins)}
    for turn in range(ROUNDS + 1):
        found = {"bare": _rate(lambda: _loop(bare, CALLERS * EACH))}
        found |= {name: _rate(lambda key=key: _crowd(key)) for name, key in keys.items()}  # type: ignore[misc]
        if turn:  # the first one warms up
            for name, rate in found.items():
                rates[name].append(rate)
    against = statistics.median(rates["bare"])
    for name in keys:
        value = statistics.median(rates[name])
        yield Figure(name=name, value=value, against=against, unit="1/s", goal=None, better="higher")


def _rate(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return CALLERS * EACH / (time.perf_counter() - begun)


def _loop(key: SigningKey, count: int) -> None:
    for _ in range(count):
        key.sign(b"message", ALGORITHM)


def _crowd(key: SigningKey) -> None:
    callers = [threading.Thread(target=_loop, args=(key, EACH)) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()


def _pins(folder: Path) -> PinFile:
    path = folder / "pin"
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(4), encoding="utf-8")
    return PinFile(path)
