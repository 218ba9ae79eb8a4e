"""A window that lives long on Python 3.11."""

import sys

from PySide6.QtWidgets import QLabel

from hsm.agent.window.lasting import ENOUGH


def test_none_outlives_a_hundred_thousand_calls() -> None:
    label = QLabel()
    for _ in range(100_000):
        label.setObjectName("x")
    assert sys.version_info >= (3, 12) or sys.getrefcount(None) > ENOUGH // 2
