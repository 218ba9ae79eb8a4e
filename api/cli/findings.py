"""What `khatam doctor` finds: a subject, how it stands, what was seen, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How a subject stands."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor."""

    subject: str
    standing: Standing
    seen: str
    fix: str = ""


def ok(subject: str, seen: str) -> Finding:
    """The subject is well."""
    return Finding(subject=subject, standing=Standing.OK, seen=seen)


def warn(subject: str, seen: str, fix: str) -> Finding:
    """The service works, but somebody should look."""
    return Finding(subject=subject, standing=Standing.WARN, seen=seen, fix=fix)


def fail(subject: str, seen: str, fix: str) -> Finding:
    """Something does not work."""
    return Finding(subject=subject, standing=Standing.FAIL, seen=seen, fix=fix)
