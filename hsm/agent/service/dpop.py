"""The agent's ephemeral key, and the proof that each request carries (RFC 9449)."""

import base64
import hashlib
import json
import secrets
from datetime import datetime
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

COORDINATE_BYTES = 32


def base64url(content: bytes) -> str:
    """RFC 7515 base64url, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


class EphemeralKey:
    """A P-256 key of one run (and of its resumption): the ticket and the token are bound to it."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        numbers = private.public_key().public_numbers()
        self._jwk: dict[str, object] = {
            "crv": "P-256",
            "kty": "EC",
            "x": base64url(numbers.x.to_bytes(COORDINATE_BYTES, "big")),
            "y": base64url(numbers.y.to_bytes(COORDINATE_BYTES, "big")),
        }

    @classmethod
    def generate(cls) -> Self:
        """A fresh key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """The key of an interrupted run; ValueError if it is not one."""
        private = load_pem_private_key(pem, password=None)
        if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
            return cls(private)
        raise ValueError("not a P-256 key")

    def to_pem(self) -> bytes:
        """PKCS#8, for the owner-only spool."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def jkt(self) -> str:
        """The JWK thumbprint (RFC 7638)."""
        return base64url(hashlib.sha256(json.dumps(self._jwk, separators=(",", ":"), sort_keys=True).encode()).digest())

    def proof(self, *, method: str, url: str, at: datetime, access_token: str | None) -> str:
        """A proof for one request: `url` without query and fragment; `ath` when there is a token."""
        claims: dict[str, object] = {
            "jti": base64url(secrets.token_bytes(16)),
            "htm": method,
            "htu": url,
            "iat": int(at.timestamp()),
        }
        if access_token is not None:
            claims["ath"] = base64url(hashlib.sha256(access_token.encode("ascii")).digest())
        return self.seal(json.dumps(claims, separators=(",", ":"), sort_keys=True).encode(), type="dpop+jwt")

    def seal(self, payload: bytes, *, type: str) -> str:  # noqa: A002
        """Those bytes as a compact JWS of that `typ` (RFC 7515, ES256), the public key in its header."""
        header = json.dumps({"typ": type, "alg": "ES256", "jwk": self._jwk}, separators=(",", ":"), sort_keys=True)
        signed = f"{base64url(header.encode())}.{base64url(payload)}"
        r, s = decode_dss_signature(self._private.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256())))
        value = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
        return f"{signed}.{base64url(value)}"

    def __repr__(self) -> str:
        return f"EphemeralKey({self.jkt})"
