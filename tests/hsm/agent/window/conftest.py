"""One Qt application on no screen, and what is waited for is waited for in its event loop."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from hsm.agent.window import consent_page, pin_change_page, setup_page, signing_page
from hsm.agent.window.style import dress
from hsm.agent.window.window import Window

Until = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session", autouse=True)
def application() -> QApplication:
    made = QApplication.instance() or QApplication([])
    assert isinstance(made, QApplication)
    dress(made)
    return made


@pytest.fixture
def until(application: QApplication) -> Until:
    """Let the window live until something is so."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = QDeadlineTimer(40_000)
        while not condition():
            assert not deadline.hasExpired(), "waited in vain"
            application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)

    return wait


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages that do not wait half a second before they listen."""
    monkeypatch.setattr(consent_page, "GUARD_MILLISECONDS", 0)
    for page in (signing_page, setup_page, pin_change_page):
        monkeypatch.setattr(page, "GUARD_MILLISECONDS", 0)
    return None


def words(widget: QWidget) -> str:
    """Everything that a person reads or hears on it."""
    said = []
    for each in [widget, *widget.findChildren(QWidget)]:
        if each is widget or each.isVisibleTo(widget):
            for name in ("text", "windowTitle", "accessibleName", "accessibleDescription", "toolTip"):
                found = getattr(each, name, None)
                said.append(str(found()) if callable(found) else "")
    return "\n".join(said)


def press(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget, key)


def close(window: Window, until: Until) -> None:
    """Close it, and see it go."""
    if window._closed:
        return
    gone: list[bool] = []
    window.gone.connect(lambda: gone.append(True))
    window.close()
    until(lambda: gone)
    window.deleteLater()
