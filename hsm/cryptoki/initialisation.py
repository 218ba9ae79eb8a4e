"""Program of the short-lived child that initialises a device; run as a file, never imported.

Standard input: one JSON object {module, label, so_pin, pin}. Standard output: the new device's serial.
Uses nothing but the standard library (it runs with `python -I`) and calls the module through ctypes.
"""

import ctypes
import json
import sys
from typing import NoReturn

CKF_TOKEN_INITIALIZED = 0x400
CKF_SERIAL_RW = 0x2 | 0x4
CKU_SO = 0


class Version(ctypes.Structure):
    _fields_ = (("major", ctypes.c_ubyte), ("minor", ctypes.c_ubyte))


class TokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO (PKCS#11 v2.40, 3.2)."""

    _fields_ = (
        ("label", ctypes.c_char * 32),
        ("manufacturer", ctypes.c_char * 32),
        ("model", ctypes.c_char * 16),
        ("serial", ctypes.c_char * 16),
        ("flags", ctypes.c_ulong),
        ("counts", ctypes.c_ulong * 10),
        ("hardware", Version),
        ("firmware", Version),
        ("utc_time", ctypes.c_char * 16),
    )


def fail(act: str, code: int) -> NoReturn:
    sys.stderr.write(f"{act}: 0x{code:08x}\n")
    raise SystemExit(1)


def main() -> None:
    """Initialise the first empty slot, set its PIN, print its serial."""
    order = json.load(sys.stdin)
    library = ctypes.CDLL(order["module"])

    def call(name: str, *arguments: object) -> None:
        code = getattr(library, name)(*arguments)
        if code:
            fail(name, code & 0xFFFFFFFF)

    def info(slot: int) -> TokenInfo:
        found = TokenInfo()
        call("C_GetTokenInfo", ctypes.c_ulong(slot), ctypes.byref(found))
        return found

    call("C_Initialize", None)
    count = ctypes.c_ulong()
    call("C_GetSlotList", ctypes.c_ubyte(1), None, ctypes.byref(count))
    slots = (ctypes.c_ulong * count.value)()
    call("C_GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
    empty = [slot for slot in slots[: count.value] if not info(slot).flags & CKF_TOKEN_INITIALIZED]
    if not empty:
        fail("no empty device", 0)
    slot = ctypes.c_ulong(empty[0])
    so_pin, pin = order["so_pin"].encode(), order["pin"].encode()
    session = ctypes.c_ulong()
    call("C_InitToken", slot, so_pin, ctypes.c_ulong(len(so_pin)), order["label"].encode().ljust(32))
    call("C_OpenSession", slot, ctypes.c_ulong(CKF_SERIAL_RW), None, None, ctypes.byref(session))
    call("C_Login", session, ctypes.c_ulong(CKU_SO), so_pin, ctypes.c_ulong(len(so_pin)))
    call("C_InitPIN", session, pin, ctypes.c_ulong(len(pin)))
    call("C_Logout", session)
    serial = bytes(info(empty[0]).serial).rstrip(b" \0").decode()
    call("C_Finalize", None)
    sys.stdout.write(serial + "\n")


if __name__ == "__main__":
    main()
