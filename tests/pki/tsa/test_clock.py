"""The clock's guard."""

from datetime import timedelta

import pytest

from pki.tsa.clock import KernelClockGuard, KernelTime, Unguarded, read_kernel_time
from pki.tsa.errors import ClockUnsure, UnguardedRefused
from pki.tsa.requests import TsaPolicy
from tests.pki.ca.estate import T0

SURE = KernelTime(synchronised=True, largest_error=timedelta(milliseconds=20))


def test_refuses_while_unsure() -> None:
    KernelClockGuard(read=lambda: SURE).vouch(T0)
    unsure = (
        KernelTime(synchronised=False, largest_error=timedelta(0)),
        KernelTime(synchronised=True, largest_error=timedelta(seconds=16)),
    )
    for kernel in unsure:
        with pytest.raises(ClockUnsure):
            KernelClockGuard(read=lambda kernel=kernel: kernel).vouch(T0)  # type: ignore[misc]


def test_refuses_a_clock_that_was_set_back() -> None:
    guard = KernelClockGuard(read=lambda: SURE)
    guard.vouch(T0)
    guard.vouch(T0 - timedelta(milliseconds=300))  # two threads, a hair apart
    with pytest.raises(ClockUnsure):
        guard.vouch(T0 - timedelta(seconds=1))
    guard.vouch(T0 + timedelta(seconds=1))


def test_unguarded_is_for_rehearsals() -> None:
    Unguarded("rehearsal").vouch(T0)
    with pytest.raises(UnguardedRefused):
        Unguarded("production")


def test_the_kernel_is_asked_or_nothing_is_vouched_for() -> None:
    try:
        found = read_kernel_time()
    except ClockUnsure:  # a system that keeps its clock to itself: the guard then refuses, which is the promise
        return
    assert found.largest_error >= timedelta(0)


def test_accuracy_has_bounds() -> None:
    for seconds in (0, 61):
        with pytest.raises(ValueError, match="accuracy"):
            TsaPolicy(policy_oid="1.2.3", accuracy_seconds=seconds)
