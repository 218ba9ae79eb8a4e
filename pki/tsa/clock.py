"""Who vouches for the clock. Without a guard's word nothing is stamped."""

from __future__ import annotations

import ctypes
import ctypes.util
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from .errors import ClockUnsure, UnguardedRefused

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class ClockGuard(Protocol):
    """Vouches for an instant that was just read from the clock."""

    def vouch(self, at: datetime) -> None:
        """Return when `at` is right within the policy's accuracy.

        :raise ClockUnsure: it may not be, or nobody knows.
        """
        ...


class Unguarded:
    """No guard at all: an explicit setting of a rehearsal (`clock = "unguarded"`).

    :raise UnguardedRefused: any other environment.
    """

    def __init__(self, environment: str) -> None:
        if environment != "rehearsal":
            raise UnguardedRefused

    def vouch(self, at: datetime) -> None:
        """Believe any instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTime:
    """What the kernel says of its clock."""

    synchronised: bool
    largest_error: timedelta


class KernelClockGuard:
    """Believes the kernel: a time service (chrony, ntpd) keeps it synchronised and bounds its error.

    :param most: the largest error that is still believed.
    """

    def __init__(
        self, *, most: timedelta = timedelta(milliseconds=500), read: Callable[[], KernelTime] | None = None
    ) -> None:
        self._most = most
        self._read = read_kernel_time if read is None else read
        self._latest: datetime | None = None
        self._lock = threading.Lock()

    def vouch(self, at: datetime) -> None:
        """See `ClockGuard.vouch`; refuses, too, an instant clearly before one it vouched for."""
        # THREAT: a clock that is wrong, or set back, makes a late signature look timely.
        # DEFENCE: the kernel must say that it is synchronised and how wrong it may be; time never runs backwards.
        # TEST: tests/pki/tsa/test_clock.py::test_refuses_while_unsure
        kernel = self._read()
        if not kernel.synchronised:
            raise ClockUnsure("the kernel says that it is not synchronised")
        if kernel.largest_error > self._most:
            raise ClockUnsure(f"it may be wrong by {kernel.largest_error.total_seconds():.3f} s")
        with self._lock:
            if self._latest is not None and at < self._latest - self._most:
                raise ClockUnsure("it was set back")
            self._latest = at if self._latest is None else max(self._latest, at)


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 512),
    )


def read_kernel_time() -> KernelTime:
    """Ask the kernel (adjtimex with modes 0 changes nothing and needs no right).

    :raise ClockUnsure: it cannot be asked.
    """
    timex = _Timex()
    try:
        state = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError) as error:
        raise ClockUnsure("the kernel cannot be asked") from error
    if state < 0:
        raise ClockUnsure("the kernel does not answer")
    return KernelTime(synchronised=state != _TIME_ERROR, largest_error=timedelta(microseconds=timex.maxerror))
