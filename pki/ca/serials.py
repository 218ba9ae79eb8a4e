"""Serial numbers: random, positive, 20 octets (RFC 5280, 4.1.2.2), so no two certificates of anyone share one."""

from __future__ import annotations

import secrets


def random_serial() -> int:
    """158 random bits under a leading one: always 20 octets, never negative, never guessed."""
    return (1 << 158) | secrets.randbits(158)


def serial_text(serial: int) -> str:
    """How a serial is kept: lower-case hex, as other issuers' are up to 20 octets long."""
    return f"{serial:x}"
