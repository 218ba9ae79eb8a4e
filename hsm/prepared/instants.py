"""Instants as they are written in manifests and messages: ISO 8601, UTC, whole seconds, `Z`."""

import re
from datetime import UTC, datetime

SPELLING = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def written(at: datetime) -> str:
    """The one spelling of an instant. `at` is aware; its fraction of a second is cut."""
    if at.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> datetime:
    """The instant of a text in the one spelling; ValueError for any other."""
    if not SPELLING.fullmatch(text):
        raise ValueError("not an instant in UTC to the second")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
