"""The child process that owns one PKCS#11 module: it answers calls on its standard input until that closes.

A call that needs a PIN and brings none is answered with the question; the station asks, and calls again with it.
A PIN comes in over the pipe only, serves one call, and is kept nowhere here but in the module.
"""

import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from hsm.cryptoki import channel
from hsm.cryptoki.channel import pack_bytes, pack_info, pack_public_key, pack_ref, unpack_bytes, unpack_info, unpack_ref
from hsm.cryptoki.dumps import forbid_dumps
from hsm.cryptoki.key import DeviceKey
from hsm.cryptoki.module import Module
from hsm.errors import HsmError, KeyNotFound
from hsm.keys import KeyKind, KeyRef, SignatureAlgorithm
from hsm.pin import Pin

Call = dict[str, Any]
LEAVING_SECONDS = 2.0
"""For logging out once the station is gone; then the process ends, whatever the module does."""


class PinWanted(Exception):
    """The call needs a PIN that it did not bring."""

    def __init__(self, **question: Any) -> None:
        super().__init__()
        self.question = question


class BroughtPin:
    """The PIN that came with a call; asked for another one, or without the yes to a last try, it has none."""

    def __init__(self, brought: Any) -> None:
        self._pin = None if brought is None else Pin(brought["pin"])
        self._for_last_try = brought is not None and brought["last_try"] is True

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        if self._pin is None or (last_try and not self._for_last_try):
            raise PinWanted(label=device_label, serial=device_serial, last_try=last_try)
        return self._pin


class Calls:
    """What may be called, on the module of this process."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._keys: dict[tuple[KeyRef, bool | None], DeviceKey] = {}

    def answer(self, call: Call) -> Call:
        """Return the answer to one call; an error is one too."""
        found: dict[str, Callable[[Call], Any]] = {
            "devices": self._devices,
            "certificates": self._certificates,
            "key": self._key,
            "sign": self._sign,
            "find_keys": self._find_keys,
            "generate": self._generate,
            "write_certificate": self._write_certificate,
            "key_attributes": self._key_attributes,
            "initialise": self._initialise,
            "change_pin": self._change_pin,
            "change_so_pin": self._change_so_pin,
            "unblock": self._unblock,
            "wipe": self._wipe,
            "logout": self._logout,
        }
        try:
            return {"value": found[call["call"]](call)}
        except PinWanted as wanted:
            return {"pin_for": wanted.question}
        except HsmError as error:
            return {"error": type(error).__name__, "said": str(error)}
        except Exception as error:  # noqa: BLE001  (one call's trouble never ends the process; its text is not ours)
            return {"error": "DeviceUnavailable", "said": f"The driver failed ({type(error).__name__})."}

    def _devices(self, _: Call) -> Any:
        return [pack_info(each) for each in self._module.devices()]

    def _certificates(self, call: Call) -> Any:
        found = self._module.read_certificates(unpack_info(call["device"]))
        return [[each.key_id.hex(), each.label, pack_bytes(each.der)] for each in found]

    def _opened(self, call: Call) -> DeviceKey:
        """The key, with the PIN of this call: a key that was found keeps no source of PINs."""
        ref, always = unpack_ref(call["ref"]), call["always_authenticate"]
        key = self._keys.get((ref, always))
        if key is None:
            key = self._module.key(ref, BroughtPin(call["pin"]), always_authenticate=always)
            self._keys[ref, always] = key
        return key.with_pins(BroughtPin(call["pin"]))

    def _key(self, call: Call) -> Any:
        self._keys.pop((unpack_ref(call["ref"]), call["always_authenticate"]), None)
        key = self._opened(call)
        return {
            "public_key": pack_public_key(key.public_key),
            "algorithms": [each.value for each in key.algorithms],
            "always_authenticate": key.always_authenticate,
        }

    def _sign(self, call: Call) -> Any:
        key = self._opened(call)
        if pack_public_key(key.public_key) != call["public_key"]:
            raise KeyNotFound("The device has another key under this id. Nothing was signed.")
        return pack_bytes(key.sign(unpack_bytes(call["message"]), SignatureAlgorithm(call["algorithm"])))

    def _find_keys(self, call: Call) -> Any:
        found = self._module.find_keys(unpack_info(call["device"]), BroughtPin(call["pin"]))
        return [
            [pack_ref(each.ref), each.label, pack_public_key(each.public_key), each.always_authenticate]
            for each in found
        ]

    def _generate(self, call: Call) -> Any:
        ref = unpack_ref(call["ref"])
        _, public_key = self._module.generate_key_pair(
            device_label=ref.device_label,
            device_serial=ref.device_serial,
            kind=KeyKind(call["kind"]),
            label=call["label"],
            key_id=ref.key_id,
            pins=BroughtPin(call["pin"]),
            always_authenticate=call["always_authenticate"],
        )
        return pack_public_key(public_key)

    def _write_certificate(self, call: Call) -> Any:
        self._module.write_certificate(
            unpack_ref(call["ref"]), unpack_bytes(call["der"]), label=call["label"], pins=BroughtPin(call["pin"])
        )

    def _key_attributes(self, call: Call) -> Any:
        return asdict(self._module.key_attributes(unpack_ref(call["ref"]), BroughtPin(call["pin"])))

    def _initialise(self, call: Call) -> Any:
        self._keys.clear()
        made = self._module.initialise(
            unpack_info(call["device"]),
            label=call["label"],
            so_pin=Pin(call["so_pin"]),
            pin=Pin(call["new"]),
            last_try=call["last_try"],
        )
        return pack_info(made)

    def _change_pin(self, call: Call) -> Any:
        self._module.change_pin(
            unpack_info(call["device"]), old=Pin(call["old"]), new=Pin(call["new"]), last_try=call["last_try"]
        )

    def _change_so_pin(self, call: Call) -> Any:
        self._module.change_so_pin(
            unpack_info(call["device"]), old=Pin(call["old"]), new=Pin(call["new"]), last_try=call["last_try"]
        )

    def _unblock(self, call: Call) -> Any:
        self._module.unblock(
            unpack_info(call["device"]), so_pin=Pin(call["so_pin"]), new=Pin(call["new"]), last_try=call["last_try"]
        )

    def _wipe(self, call: Call) -> Any:
        self._keys.clear()
        self._module.wipe(unpack_info(call["device"]), so_pin=Pin(call["so_pin"]), last_try=call["last_try"])

    def _logout(self, call: Call) -> Any:
        device = unpack_info(call["device"])
        for ref, always in list(self._keys):
            if (ref.device_label, ref.device_serial) == (device.label, device.serial):
                del self._keys[ref, always]
        self._module.logout(device)


def main() -> None:
    """Load the module that the first message names, and serve it until the station is gone."""
    forbid_dumps()
    asked, told = _take_pipes()
    order = channel.receive(asked)
    if order is None:
        return
    calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
    # What calls the module runs beside the reader: a module that hangs does not keep this process when the
    # station is gone.
    threading.Thread(target=_serve, args=(order, calls, told), name="calls", daemon=True).start()
    with suppress(channel.Garbled):
        while (call := channel.receive(asked)) is not None:
            calls.put(call)
    left = threading.Event()
    calls.put({"call": "leave", "left": left})
    left.wait(LEAVING_SECONDS)
    os._exit(0)


def _serve(order: Call, calls: "queue.SimpleQueue[Call]", told: BinaryIO) -> None:
    conf = order["softhsm_conf"]
    try:
        module = Module.open(
            Path(order["module"]), timeout=order["timeout"], softhsm_conf=None if conf is None else Path(conf)
        )
    except HsmError as error:
        channel.send(told, {"error": type(error).__name__, "said": str(error)})
        return
    served = Calls(module)
    channel.send(told, {"ready": os.getpid()})
    while True:
        call = calls.get()
        if call["call"] == "leave":
            module.close()
            call["left"].set()
            return
        answer = served.answer(call)
        del call
        with suppress(OSError):
            channel.send(told, answer)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes for us alone: vendors' libraries print, and some read."""
    asked = os.fdopen(os.dup(0), "rb")
    told = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    sys.stdin = sys.stdout = sys.stderr = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115, PTH123
    return asked, told


if __name__ == "__main__":
    main()
