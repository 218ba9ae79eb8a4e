"""Refusals of the room, with the failure that RFC 3161, 2.4.2 gives them."""

from __future__ import annotations

from enum import IntEnum

from pki.errors import PkiError


class Failure(IntEnum):
    """PKIFailureInfo: the number of its bit."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    SYSTEM_FAILURE = 25


class TimeStampRefused(PkiError):
    """A time-stamp request that is not served."""

    def __init__(self, failure: Failure, said: str) -> None:
        super().__init__(f"The time-stamp request is refused: {said}. No time-stamp was made.")
        self.failure = failure.name.lower().replace("_", "-")
        self.bit = failure


class ClockUnsure(PkiError):
    """The clock's guard does not vouch for the present."""

    retriable = True

    def __init__(self, said: str) -> None:
        super().__init__(f"The clock is not sure: {said}. No time-stamp was made: try again when it is.")


class UnguardedRefused(PkiError):
    """An unguarded clock was asked for outside a rehearsal."""

    def __init__(self) -> None:
        super().__init__("An unguarded clock is for rehearsals. The time-stamp authority was not started.")


class TsaCertificateRefused(PkiError):
    """The authority's certificate does not fit its key, its use or the present."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The time-stamp authority's certificate does not fit: {said}. No time-stamp was made.")
