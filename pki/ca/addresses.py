"""The addresses that are written into certificates."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CaAddresses:
    """Where the responders answer."""

    responders: str
    """Origin without a trailing slash, e.g. https://status.khatam.example"""

    @property
    def ocsp(self) -> str:
        """The OCSP responder."""
        return f"{self.responders}/ocsp"

    def crl(self, issuer: UUID) -> str:
        """The revocation list of an issuer."""
        return f"{self.responders}/crl/{issuer}.crl"

    def certificate(self, issuer: UUID) -> str:
        """The certificate of an issuer."""
        return f"{self.responders}/ca/{issuer}.cer"
