"""PINs and management keys that vendors publish: a device that keeps one is open to everybody."""

from typing import Final

from hsm.cryptoki.errors import DeviceRefused
from hsm.pin import Pin

LABEL_BYTES: Final = 32
FACTORY: Final[dict[str, str]] = {
    "0000": "smart cards of several makers",
    "000000": "smart cards of several makers",
    "00000000": "smart cards of several makers",
    "000000000000000000000000000000000000000000000000": "SafeNet eToken and IDPrime (administrator key)",
    "010203040506070801020304050607080102030405060708": "PIV cards and YubiKey (management key)",
    "1111": "smart cards of several makers",
    "11111111": "smart cards of several makers",
    "1234": "test devices, IDEMIA",
    "12345": "smart cards of several makers",
    "123456": "YubiKey, OpenPGP cards, PIV cards (PIN)",
    "1234567": "smart cards of several makers",
    "12345678": "YubiKey (PUK), OpenPGP cards (Admin PIN), Feitian ePass, SoftHSM examples",
    "1234567890": "SafeNet eToken (PIN)",
    "1234567812345678": "smart cards of several makers (SO PIN)",
    "3132333435363738": "Gemalto (SO PIN)",
    "3537363231383830": "SmartCard-HSM, Nitrokey HSM (SO PIN)",
    "648219": "SmartCard-HSM, Nitrokey HSM (PIN)",
    "654321": "smart cards of several makers",
    "87654321": "Feitian, CardOS (SO PIN, PUK)",
    "88888888": "smart cards of several makers",
    "rockey": "Feitian ePass (SO PIN)",
    "password": "hardware security modules of several makers",
    "topsecret": "hardware security modules of several makers",
}
"""Value in small letters, and whose devices leave the factory with it."""


def refuse_factory_value(pin: Pin, what: str) -> None:
    """Refuse a published default as a new PIN or management key.

    :param what: what it was to become, for the sentence ("PIN", "SO PIN").
    :raise DeviceRefused: it is one. The value is not in the sentence.
    """
    # THREAT: a stolen device is opened with the PIN, PUK or management key that its maker prints in the manual.
    # DEFENCE: no such value is ever set by us, whoever asks for it.
    # TEST: tests/hsm/cryptoki/test_personalising.py::test_a_factory_value_is_never_set
    if pin.reveal().strip().lower() in FACTORY:
        raise DeviceRefused(f"This {what} is one that makers print in their manuals. Nothing was done: choose another.")


def check_new(label: str | None, *, so_pin: Pin | None, pin: Pin | None) -> None:
    """Check what is to be set, before any device is touched.

    :raise DeviceRefused: a label that does not fit, or a published default.
    """
    if label is not None and not 1 <= len(label.encode()) <= LABEL_BYTES:
        raise DeviceRefused(f"A device's label has 1 to {LABEL_BYTES} bytes. Nothing was done.")
    if so_pin is not None:
        refuse_factory_value(so_pin, "SO PIN")
    if pin is not None:
        refuse_factory_value(pin, "PIN")
