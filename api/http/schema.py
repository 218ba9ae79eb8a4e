"""What every body and answer of the API has in common."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
)


class In(BaseModel):
    """A body: unknown fields are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Empty(In):
    """A body without members; it may be left out altogether."""


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class IdOut(Out):
    """The id of what was recorded."""

    id: UUID


def _decoded(value: object) -> object:
    if isinstance(value, bytes):
        return value  # ours, on its way out
    if not isinstance(value, str):
        raise ValueError("base64 text is needed")  # noqa: TRY004 - pydantic turns ValueError into a 422
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not standard base64 (RFC 4648, 4)") from error


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar, in UTC") from error


def _zulu(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Base64 = Annotated[
    bytes, BeforeValidator(_decoded), PlainSerializer(lambda value: base64.b64encode(value).decode(), return_type=str)
]
"""Bytes, standard base64 with padding."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant that a caller names, with its zone."""
Zulu = Annotated[datetime, PlainSerializer(_zulu, return_type=str)]
"""An instant, ISO 8601 in UTC with Z."""
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
SOME_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""No control characters: PostgreSQL cannot store a NUL, and nobody can read the others."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=ONE_LINE)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=SOME_LINES)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}-[0-9]{7}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Page = Annotated[int, Query(ge=1, le=1000)]
"""How many items of a list are answered at most."""
