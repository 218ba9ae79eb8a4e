"""Reading a time-stamp token as far as embedding needs it: whose imprint, what time. Not verified here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, tsp


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTimeStamp:
    """What a token says. `certificates`: DER, as carried."""

    gen_time: datetime
    hash_algorithm: str
    imprint: bytes
    certificates: tuple[bytes, ...]


def parse_time_stamp(token: bytes) -> ParsedTimeStamp:
    """Parse a DER TimeStampToken; its signature is not verified.

    :raise ValueError: it is not one.
    """
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        if signed["encap_content_info"]["content_type"].native != "tst_info":
            raise ValueError("no TSTInfo")
        info = tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"]), strict=True)
        imprint = info["message_imprint"]
        return ParsedTimeStamp(
            gen_time=info["gen_time"].native,
            hash_algorithm=imprint["hash_algorithm"]["algorithm"].native,
            imprint=imprint["hashed_message"].native,
            certificates=tuple(each.dump() for each in signed["certificates"] or ()),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError("not a time-stamp token") from error


def is_stamp_of(token: ParsedTimeStamp, value: bytes) -> bool:
    """Whether the token's imprint is the SHA-256 of `value`."""
    return token.hash_algorithm == "sha256" and token.imprint == hashlib.sha256(value).digest()
