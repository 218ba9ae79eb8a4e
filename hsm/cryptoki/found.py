"""What is found on a device. Loads no driver."""

from typing import NamedTuple

from hsm.keys import KeyRef, PublicKey


class FoundKey(NamedTuple):
    """A private key of a device."""

    ref: KeyRef
    label: str
    public_key: PublicKey
    always_authenticate: bool


class StoredCertificate(NamedTuple):
    """A certificate object of a device. Nothing about it was verified."""

    key_id: bytes
    label: str
    der: bytes
