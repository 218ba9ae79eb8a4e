"""Time-stamp requests (RFC 3161, 2.4.1), and the rules by which they are served: pure, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from hsm.prepared.der import object_identifier
from pki.der import (
    BOOLEAN,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    DERError,
    encoded_oid,
    parse_boolean,
    parse_integer,
    read_one,
    require_bounded,
)

from .errors import Failure, TimeStampRefused

_DIGEST_SIZES = {
    object_identifier("2.16.840.1.101.3.4.2.1"): 32,
    object_identifier("2.16.840.1.101.3.4.2.2"): 48,
    object_identifier("2.16.840.1.101.3.4.2.3"): 64,
}
"""SHA-256, SHA-384, SHA-512. Nothing weaker is stamped (EN 319 422, 5.1)."""
_MOST_NONCE_OCTETS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TsaPolicy:
    """Under which policy the authority stamps, and how exact it says to be."""

    policy_oid: str
    accuracy_seconds: int = 1
    """genTime is cut to the second, so less cannot be promised (EN 319 422, 5.2: at most one)."""

    def __post_init__(self) -> None:
        if not 1 <= self.accuracy_seconds <= 60:  # noqa: PLR2004
            raise ValueError("the accuracy of times in whole seconds is 1 to 60 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampRequest:
    """A request, parsed; nothing is judged yet."""

    message_imprint: bytes
    """As encoded, to be repeated in the token."""
    hash_algorithm: bytes
    """The OBJECT IDENTIFIER as encoded."""
    hashed_message: bytes
    policy: bytes | None
    """The OBJECT IDENTIFIER as encoded."""
    nonce: bytes | None
    """The INTEGER as encoded."""
    certificate_requested: bool
    has_extensions: bool


def parse_request(der: bytes) -> TimeStampRequest:
    """Parse a request of at most 16 kB and 32 levels.

    :raise TimeStampRefused: badDataFormat; badRequest for another version.
    """
    try:
        require_bounded(der)
        return _parsed(der)
    except DERError as error:
        raise TimeStampRefused(Failure.BAD_DATA_FORMAT, "it is not a TimeStampReq that can be read") from error


def accept_request(request: TimeStampRequest, policy: TsaPolicy) -> None:
    """Judge a request.

    :raise TimeStampRefused: weak digest, wrong digest length, policy not offered, or any extension: none is known
        here, critical or not (RFC 3161, 2.4.1).
    """
    size = _DIGEST_SIZES.get(request.hash_algorithm)
    if size is None:
        raise TimeStampRefused(Failure.BAD_ALGORITHM, "its digest is not SHA-256, SHA-384 or SHA-512")
    if len(request.hashed_message) != size:
        raise TimeStampRefused(Failure.BAD_DATA_FORMAT, "the length of the imprint is not its digest's")
    if request.policy is not None and request.policy != object_identifier(policy.policy_oid):
        raise TimeStampRefused(Failure.UNACCEPTED_POLICY, "its policy is not offered")
    if request.has_extensions:
        raise TimeStampRefused(Failure.UNACCEPTED_EXTENSION, "it has an extension")


def _parsed(der: bytes) -> TimeStampRequest:
    reader = read_one(der, SEQUENCE).children()
    if parse_integer(reader.next(INTEGER)) != 1:
        raise TimeStampRefused(Failure.BAD_REQUEST, "its version is not 1")
    imprint = reader.next(SEQUENCE)
    parts = imprint.children()
    algorithm = parts.next(SEQUENCE).children()
    oid = encoded_oid(algorithm.next(OBJECT_IDENTIFIER))
    algorithm.optional(NULL)
    algorithm.end()
    hashed = parts.next(OCTET_STRING).content
    parts.end()
    policy = reader.optional(OBJECT_IDENTIFIER)
    nonce = reader.optional(INTEGER)
    if nonce is not None:
        parse_integer(nonce)
        if len(nonce.content) > _MOST_NONCE_OCTETS:
            raise DERError("a nonce of more than 512 bits")
    wanted = reader.optional(BOOLEAN)
    extensions = reader.optional(0xA0)
    reader.end()
    return TimeStampRequest(
        message_imprint=imprint.encoded,
        hash_algorithm=oid,
        hashed_message=hashed,
        policy=None if policy is None else encoded_oid(policy),
        nonce=None if nonce is None else nonce.encoded,
        certificate_requested=wanted is not None and parse_boolean(wanted),
        has_extensions=extensions is not None,
    )
