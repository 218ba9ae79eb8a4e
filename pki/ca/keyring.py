"""The port through which the room reaches the service's keys."""

from __future__ import annotations

from typing import Protocol

from hsm.keys import SigningKey

ROOT, ISSUING, OCSP, TSA, MANIFEST, SEAL = "root", "issuing", "ocsp", "tsa", "manifest", "seal"


class Keyring(Protocol):
    """Keys of the service by role. In production each role has a device and a PIN of its own."""

    def key(self, role: str) -> SigningKey:
        """Return the key of a role.

        :raise hsm.errors.HsmError: one of its leaves.
        """
        ...
