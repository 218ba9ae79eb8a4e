"""A Windows job object around this very process: no other process, none of the desktop's things, bounded memory.

Structures and flags: `winnt.h`, 64-bit. Not run on Windows yet; what is tested is what would be handed to kernel32.
"""

import ctypes
from typing import Any

_EXTENDED_LIMITS, _UI_RESTRICTIONS = 9, 4
_ACTIVE_PROCESS, _PROCESS_MEMORY, _DIE_ON_UNHANDLED_EXCEPTION = 0x8, 0x100, 0x400
_ALL_OF_THE_DESKTOP = 0xFF
"""Foreign window handles, clipboard, settings, atoms, other desktops, logging off."""


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("times", ctypes.c_int64 * 2),
        ("flags", ctypes.c_uint32),
        ("working_set", ctypes.c_uint64 * 2),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_uint64),
        ("classes", ctypes.c_uint32 * 2),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory_bytes", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 3),
    )


def enter_job(kernel32: Any, memory_bytes: int) -> bool:
    """Put this process into a job of its own, for good; whether the system did it."""
    kernel32.CreateJobObjectW.restype = kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel32.CreateJobObjectW(None, None))
    limits = ExtendedLimits()
    limits.flags = _ACTIVE_PROCESS | _PROCESS_MEMORY | _DIE_ON_UNHANDLED_EXCEPTION
    limits.processes, limits.process_memory_bytes = 1, memory_bytes
    desktop = ctypes.c_uint32(_ALL_OF_THE_DESKTOP)
    return bool(
        job.value
        and kernel32.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        and kernel32.SetInformationJobObject(job, _UI_RESTRICTIONS, ctypes.byref(desktop), ctypes.sizeof(desktop))
        and kernel32.AssignProcessToJobObject(job, ctypes.c_void_p(kernel32.GetCurrentProcess()))
    )
