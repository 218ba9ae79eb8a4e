"""The few PKCS#11 calls that python-pkcs11 lacks or hides, through ctypes, on the module that it has loaded.

It cannot log in on a session that is open (a refused PIN then leaks the session), cannot log in for one signature
on a PIN pad, has no C_InitToken, and drops the bounds of a PIN. Runs on the module's owner thread, like everything
that touches it. The functions called are those that python-pkcs11 calls: library, state and sessions are shared, and
C_Initialize is never called here.

Structures and order of functions: PKCS#11 v2.40, `pkcs11t.h` and `pkcs11f.h`. On Windows they are packed to one byte.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pkcs11 import exceptions as driver
from pkcs11._pkcs11 import HasFuncList  # type: ignore[attr-defined]  # (its stub leaves it out)

CKU_SO: Final = 0
CKU_USER: Final = 1
CKU_CONTEXT_SPECIFIC: Final = 2
_SERIAL_RW: Final = 0x2 | 0x4
_LABEL_BYTES: Final = 32
_THREE_POINTERS: Final = 3 * ctypes.sizeof(ctypes.c_void_p)
_LONGEST_VALUE: Final = 1024
"""Bytes: RSA-8192."""

_ORDER: Final = {
    "C_GetTokenInfo": 6,
    "C_InitToken": 9,
    "C_InitPIN": 10,
    "C_SetPIN": 11,
    "C_OpenSession": 12,
    "C_CloseSession": 13,
    "C_CloseAllSessions": 14,
    "C_Login": 18,
    "C_Logout": 19,
    "C_SignInit": 42,
    "C_Sign": 43,
}
"""Place of each call in CK_FUNCTION_LIST; a module need export nothing but C_GetFunctionList."""

_CODES: Final[dict[int, type[driver.PKCS11Error]]] = {
    0x02: driver.HostMemory,
    0x03: driver.SlotIDInvalid,
    0x05: driver.GeneralError,
    0x06: driver.FunctionFailed,
    0x07: driver.ArgumentsBad,
    0x20: driver.DataInvalid,
    0x21: driver.DataLenRange,
    0x30: driver.DeviceError,
    0x31: driver.DeviceMemory,
    0x32: driver.DeviceRemoved,
    0x50: driver.FunctionCancelled,
    0x54: driver.FunctionNotSupported,
    0x60: driver.KeyHandleInvalid,
    0x62: driver.KeySizeRange,
    0x63: driver.KeyTypeInconsistent,
    0x70: driver.MechanismInvalid,
    0x71: driver.MechanismParamInvalid,
    0x82: driver.ObjectHandleInvalid,
    0x90: driver.OperationActive,
    0x91: driver.OperationNotInitialized,
    0xA0: driver.PinIncorrect,
    0xA1: driver.PinInvalid,
    0xA2: driver.PinLenRange,
    0xA3: driver.PinExpired,
    0xA4: driver.PinLocked,
    0xB0: driver.SessionClosed,
    0xB1: driver.SessionCount,
    0xB3: driver.SessionHandleInvalid,
    0xB5: driver.SessionReadOnly,
    0xB6: driver.SessionExists,
    0xB7: driver.SessionReadOnlyExists,
    0xB8: driver.SessionReadWriteSOExists,
    0xE0: driver.TokenNotPresent,
    0xE1: driver.TokenNotRecognised,
    0xE2: driver.TokenWriteProtected,
    0x100: driver.UserAlreadyLoggedIn,
    0x101: driver.UserNotLoggedIn,
    0x102: driver.UserPinNotInitialized,
    0x104: driver.AnotherUserAlreadyLoggedIn,
    0x105: driver.UserTooManyTypes,
    0x200: driver.FunctionRejected,
    0x203: driver.PinTooWeak,
}
_PACKING: Final[dict[str, Any]] = {"_pack_": 1} if sys.platform == "win32" else {}


_FunctionList: Any = type(
    "_FunctionList",
    (ctypes.Structure,),
    {**_PACKING, "_fields_": [("version", ctypes.c_ubyte * 2), ("calls", ctypes.c_void_p * 68)]},
)
_Mechanism: Any = type(
    "_Mechanism",
    (ctypes.Structure,),
    {
        **_PACKING,
        "_fields_": [("mechanism", ctypes.c_ulong), ("parameter", ctypes.c_void_p), ("length", ctypes.c_ulong)],
    },
)
_TokenInfo: Any = type(
    "_TokenInfo",
    (ctypes.Structure,),
    {
        **_PACKING,
        "_fields_": [
            ("texts", ctypes.c_ubyte * 96),
            ("flags", ctypes.c_ulong),
            ("sessions", ctypes.c_ulong * 4),
            ("longest", ctypes.c_ulong),
            ("shortest", ctypes.c_ulong),
            ("memory", ctypes.c_ulong * 4),
            ("versions", ctypes.c_ubyte * 4),
            ("time", ctypes.c_ubyte * 16),
        ],
    },
)
_LONGEST_PIN: Final = 255
"""Bytes. Beyond it a module says that it does not know (CK_UNAVAILABLE_INFORMATION), or nothing of use."""


def error_of(code: int) -> driver.PKCS11Error:
    """Return python-pkcs11's exception of a return code, so that both roads meet at one border."""
    return _CODES.get(code, driver.PKCS11Error)(f"0x{code:08x}")


def functions_of(owner: object) -> int:
    """Return the address of the function list that python-pkcs11 itself calls through `owner`; 0: not known.

    p11-kit hands out another list, with sessions of its own, at each C_GetFunctionList. python-pkcs11 does not show
    its own: it is the first of three pointers behind an object's head. Where its class has another size, nothing is
    read; a module that has one list for all works without.
    """
    if not isinstance(owner, HasFuncList) or HasFuncList.__basicsize__ != object.__basicsize__ + _THREE_POINTERS:
        return 0
    return ctypes.c_void_p.from_address(id(owner) + object.__basicsize__).value or 0


class Native:
    """Calls into a module that python-pkcs11 has loaded and initialised. Each PIN is sent once a call."""

    def __init__(self, path: Path, owner: object = None) -> None:
        """Share the loaded library.

        :param owner: python-pkcs11's library or token: its functions are called, so that its sessions are ours too.
        :raise driver.PKCS11Error: it cannot be shared.
        """
        try:
            library = ctypes.CDLL(os.fspath(path))
            pointer = ctypes.c_void_p(functions_of(owner))
            code = 0 if pointer.value else library.C_GetFunctionList(ctypes.byref(pointer))
        except (OSError, AttributeError) as error:
            raise driver.FunctionFailed(type(error).__name__) from None
        if code or not pointer.value:
            raise error_of(code & 0xFFFFFFFF)
        # Kept: without it the library might be unloaded under the pointers.
        self._library = library
        addresses = _FunctionList.from_address(pointer.value)
        prototype = ctypes.CFUNCTYPE(ctypes.c_ulong)
        self._calls: dict[str, Callable[..., int]] = {
            name: prototype(addresses.calls[place]) for name, place in _ORDER.items() if addresses.calls[place]
        }

    def pin_bounds(self, slot: int) -> tuple[int, int]:
        """Shortest and longest PIN in bytes, both included (ulMinPinLen, ulMaxPinLen); 0: the device does not say."""
        said = _TokenInfo()
        self._call("C_GetTokenInfo", _long(slot), ctypes.byref(said))
        longest = said.longest if said.longest <= _LONGEST_PIN else 0
        shortest = said.shortest if said.shortest <= (longest or _LONGEST_PIN) else 0
        return shortest, longest

    def login(self, session: int, pin: bytes | None, *, user: int = CKU_USER) -> None:
        """Log in with one PIN try; None: the PIN is typed on the device or its reader."""
        self._call("C_Login", _long(session), _long(user), *_text(pin))

    def logout(self, session: int) -> None:
        self._call("C_Logout", _long(session))

    def context_login(self, session: int, pin: bytes | None) -> None:
        """Give the PIN for the one signature that was begun on this session (PKCS#11 v2.40, C_Login)."""
        self._call("C_Login", _long(session), _long(CKU_CONTEXT_SPECIFIC), *_text(pin))

    def sign_init(self, session: int, key: int, mechanism: int, parameters: tuple[int, ...] | None) -> None:
        """Begin one signature.

        :param parameters: the CK_ULONGs of the mechanism's parameter; None: it has none.
        """
        numbers = parameters or ()
        held = (ctypes.c_ulong * len(numbers))(*numbers)
        given = _Mechanism()
        given.mechanism = mechanism
        if numbers:
            given.parameter, given.length = ctypes.addressof(held), ctypes.sizeof(held)
        self._call("C_SignInit", _long(session), ctypes.byref(given), _long(key))

    def sign(self, session: int, data: bytes) -> bytes:
        """Make the signature that was begun."""
        value = (ctypes.c_ubyte * _LONGEST_VALUE)()
        length = ctypes.c_ulong(_LONGEST_VALUE)
        self._call("C_Sign", _long(session), data, _long(len(data)), value, ctypes.byref(length))
        return bytes(value[: length.value])

    def initialise(self, slot: int, so_pin: bytes | None, label: str) -> None:
        """C_InitToken: all that was on the device is gone, the user's PIN included. One try of the SO PIN."""
        self._call("C_InitToken", _long(slot), *_text(so_pin), label.encode().ljust(_LABEL_BYTES))

    def open_writing(self, slot: int) -> int:
        handle = ctypes.c_ulong()
        self._call("C_OpenSession", _long(slot), _long(_SERIAL_RW), None, None, ctypes.byref(handle))
        return handle.value

    def close(self, session: int) -> None:
        self._call("C_CloseSession", _long(session))

    def close_all(self, slot: int) -> None:
        """C_CloseAllSessions: also logs out; a device with open sessions refuses to be initialised."""
        self._call("C_CloseAllSessions", _long(slot))

    def init_pin(self, session: int, pin: bytes | None) -> None:
        """C_InitPIN, logged in as SO; None: the new PIN is typed on the device."""
        self._call("C_InitPIN", _long(session), *_text(pin))

    def set_pin(self, session: int, old: bytes | None, new: bytes | None) -> None:
        """C_SetPIN; None twice: both are typed on the device."""
        self._call("C_SetPIN", _long(session), *_text(old), *_text(new))

    def _call(self, name: str, *arguments: object) -> None:
        found = self._calls.get(name)
        if found is None:
            raise driver.FunctionNotSupported(name)
        code = found(*arguments)
        if code:
            raise error_of(code & 0xFFFFFFFF)


def _long(value: int) -> ctypes.c_ulong:
    return ctypes.c_ulong(value)


def _text(pin: bytes | None) -> tuple[bytes | None, ctypes.c_ulong]:
    return pin, _long(0 if pin is None else len(pin))
