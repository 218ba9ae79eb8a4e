"""Devices as the module shows them. Runs on the module's owner thread."""

import contextlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pkcs11 import TokenFlag
from pkcs11 import exceptions as driver
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)
from pkcs11.types import Session, Token

from hsm.cryptoki.info import Address, DeviceInfo
from hsm.cryptoki.native import Native
from hsm.errors import DeviceMismatch, DeviceUnavailable

_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}
"""Unicode's categories of what is not seen itself, but changes how the rest is."""


def info_of(token: Token, module: Path | None = None) -> DeviceInfo:
    """Return what `token` says of itself."""
    flags = token.flags
    shortest, longest = _pin_bounds(token, module)
    return DeviceInfo(
        label=_name(token.label),
        serial=_name(token.serial.decode("utf-8", errors="replace")),
        model=_name(token.model),
        manufacturer=_name(token.manufacturer_id),
        initialised=bool(flags & TokenFlag.TOKEN_INITIALIZED),
        pin_set=bool(flags & TokenFlag.USER_PIN_INITIALIZED),
        login_required=bool(flags & TokenFlag.LOGIN_REQUIRED),
        pin_count_low=bool(flags & TokenFlag.USER_PIN_COUNT_LOW),
        pin_final_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        pin_locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
        pin_to_be_changed=bool(flags & TokenFlag.USER_PIN_TO_BE_CHANGED),
        protected_path=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        write_protected=bool(flags & TokenFlag.WRITE_PROTECTED),
        so_pin_final_try=bool(flags & TokenFlag.SO_PIN_FINAL_TRY),
        so_pin_locked=bool(flags & TokenFlag.SO_PIN_LOCKED),
        so_pin_to_be_changed=bool(flags & TokenFlag.SO_PIN_TO_BE_CHANGED),
        pin_shortest=shortest,
        pin_longest=longest,
        hardware="{}.{}".format(*token.hardware_version),
        firmware="{}.{}".format(*token.firmware_version),
        module=module,
    )


def _pin_bounds(token: Token, module: Path | None) -> tuple[int, int]:
    """What python-pkcs11 reads and drops; not known where it cannot be asked again."""
    try:
        return (0, 0) if module is None else Native(module, token).pin_bounds(token.slot.slot_id)
    except driver.PKCS11Error:
        return 0, 0


def _name(said: str) -> str:
    # THREAT: a device names itself so that a terminal, log or window shows something else (escapes, turned writing).
    # DEFENCE: control, format and line-breaking characters of a device's names are replaced where they come in.
    # TEST: tests/hsm/cryptoki/faulty/test_strange_names.py::test_a_device_with_a_strange_name_is_used_like_any_other
    name = said.rstrip("\0 ")
    return "".join("\ufffd" if unicodedata.category(each) in _UNSEEN else each for each in name)


_GOING = (
    driver.TokenNotPresent,
    driver.TokenNotRecognised,
    driver.DeviceRemoved,
    driver.DeviceError,
    driver.GeneralError,
    driver.FunctionFailed,
)
"""What a slot says while its device goes away; it must not hide the others."""


def tokens(library: Library, module: Path | None = None) -> list[tuple[Token, DeviceInfo]]:
    """Return every device present; one that goes away meanwhile is left out."""
    found = []
    for slot in library.get_slots(token_present=True):
        with contextlib.suppress(*_GOING):
            token = slot.get_token()
            found.append((token, info_of(token, module)))
    return found


def token_at(
    library: Library, address: Address, module: Path | None = None, *, model: str | None = None
) -> tuple[Token, DeviceInfo]:
    """Return the one device with that label and serial.

    :raise DeviceUnavailable: it is not there.
    :raise DeviceMismatch: one of that label is there, with another serial; or two answer to both.
    """
    present = [(token, info) for token, info in tokens(library, module) if info.label == address.label]
    found = [(token, info) for token, info in present if info.serial == address.serial and model in {None, info.model}]
    if len(found) == 1:
        return found[0]
    if present:
        raise DeviceMismatch(f"The device present is not {address}, or there are two of it. Nothing was done.")
    raise DeviceUnavailable(f"The device {address} is not there. Nothing was done: connect it and try again.")


@contextlib.contextmanager
def public_session(token: Token, *, writing: bool = False) -> Iterator[Session]:
    """A session without PIN of its own, closed at the end (it shares the device's login, if there is one)."""
    session = token.open(rw=writing)
    try:
        yield session
    finally:
        # It may be gone together with the device.
        with contextlib.suppress(driver.PKCS11Error):
            session.close()
