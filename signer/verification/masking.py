"""National ids (CIN) are masked wherever a certificate puts them."""

import re

_NATIONAL_ID = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,2})(\d{2,5})(\d{2})(?![A-Za-z0-9])")
_CONTROLS = re.compile("[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def masked(text: str) -> str:
    """`text` without control and bidi characters, national ids as `BE••••56`, cut to 200 characters."""
    # THREAT: a certificate's subject carries a national id, or characters that turn the line around.
    # DEFENCE: both are taken out before the text leaves the worker.
    # TEST: tests/signer/verification/test_masking.py
    clean = _CONTROLS.sub("", text)[:200]
    return _NATIONAL_ID.sub(lambda found: f"{found[1]}••••{found[3]}", clean)
