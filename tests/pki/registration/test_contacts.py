"""Addresses and numbers: one form, or refused."""

import pytest

from pki.registration.contacts import accept_email, accept_phone
from pki.registration.errors import ContactRefused


@pytest.mark.parametrize(("given", "kept"), [("A.B@Commune.GOV.ma", "A.B@commune.gov.ma"), (" x@y.ma ", "x@y.ma")])
def test_addresses(given: str, kept: str) -> None:
    assert accept_email(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "x@y",
        "x@@y.ma",
        "x y@z.ma",
        "x@y.ma\nBcc: z@z.ma",
        "x@y.ma, z@z.ma",
        "<x@y.ma>",
        "é@y.ma",
        "x@" + "y" * 250 + ".ma",
    ],
)
def test_refused_addresses(given: str) -> None:
    with pytest.raises(ContactRefused):
        accept_email(given)


@pytest.mark.parametrize(
    "given", ["0612345678", "06 12 34 56 78", "+212612345678", "00212612345678", "+212 (6) 12-34-56-78"]
)
def test_numbers(given: str) -> None:
    assert accept_phone(given) == "+212612345678"


@pytest.mark.parametrize("given", ["", "12345", "+0123456789", "06123", "٠٦١٢٣٤٥٦٧٨", "+2126123456789012", "call me"])
def test_refused_numbers(given: str) -> None:
    with pytest.raises(ContactRefused):
        accept_phone(given)
