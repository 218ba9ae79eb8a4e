"""Addresses and numbers by which a person or an office is reached. Pure."""

from __future__ import annotations

import re

from pki.registration.errors import ContactRefused

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
_MOST = 254
"""RFC 5321, 4.5.3.1, as corrected."""


def accept_email(address: str) -> str:
    """Return the address, its domain in lower case.

    :raise ContactRefused: not one plain address.
    """
    # THREAT: a line break in an address adds headers, or recipients, to a message.
    # DEFENCE: one form, ASCII, without blanks, quotes or comments; and headers are written by the library.
    # TEST: tests/pki/registration/test_contacts.py::test_refused_addresses
    plain = address.strip()
    if len(plain) > _MOST or not plain.isascii() or _EMAIL.fullmatch(plain) is None:
        raise ContactRefused("email")
    local, _, domain = plain.rpartition("@")
    return f"{local}@{domain.lower()}"


def accept_phone(number: str) -> str:
    """Return a number in E.164: `+212612345678`. A Moroccan number may come with its leading 0.

    :raise ContactRefused: not a number.
    """
    plain = re.sub(r"[ .()-]", "", number.strip())
    if re.fullmatch(r"0[5-8][0-9]{8}", plain, re.ASCII):
        plain = "+212" + plain[1:]
    elif plain.startswith("00"):
        plain = "+" + plain[2:]
    if not plain.isascii() or _PHONE.fullmatch(plain) is None:
        raise ContactRefused("phone")
    return plain
