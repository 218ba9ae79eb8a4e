"""Names and serial number of a certificate as its DER spells them: enough to tell certificates apart, and fast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from signer.pades.der import INTEGER, SEQUENCE, inside

_VERSION = 0xA0


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Each part is its whole DER element."""

    issuer: bytes
    subject: bytes
    serial: bytes


@lru_cache(maxsize=4096)
def names_of(certificate: bytes) -> Names:
    """Read them from a DER certificate; nothing is verified.

    :raise ValueError: it is not one.
    """
    tbs_at = inside(certificate, SEQUENCE)[0]
    tbs = certificate[tbs_at[1] : tbs_at[3]]
    fields = inside(tbs, SEQUENCE)
    if fields[0][0] == _VERSION:  # absent in version 1
        fields = fields[1:]
    if len(fields) < 5 or [fields[place][0] for place in (0, 2, 4)] != [INTEGER, SEQUENCE, SEQUENCE]:  # noqa: PLR2004
        raise ValueError("not a certificate")
    serial, issuer, subject = (tbs[fields[place][1] : fields[place][3]] for place in (0, 2, 4))
    return Names(issuer=issuer, subject=subject, serial=serial)
