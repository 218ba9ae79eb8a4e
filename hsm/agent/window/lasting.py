"""Python 3.11 and Qt's binding: `None` must outlive a miscount.

PySide6 6.12 is compiled so that returning `None` does not count a reference. From Python 3.12 on nothing comes of it
(PEP 683: `None` is immortal); on 3.11 each call that returns nothing takes one away, and after some thousand calls the
interpreter ends with "deallocating None". Measured: 1,000 calls of `setText`, 1,000 references.
"""

import ctypes
import sys

ENOUGH = 1 << 48
"""References; a window that makes a million calls a second would need nine years to use them up."""


def keep_none() -> None:
    """Give `None` references enough, once, as later Pythons do by themselves."""
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython" and sys.getrefcount(None) < ENOUGH // 2:
        ctypes.c_ssize_t.from_address(id(None)).value += ENOUGH
