"""A screen of twice the density: the same window, twice the pixels, also of a document's page."""

import json
import os
import subprocess
import sys

PROBE = """
import json, sys
from PySide6.QtCore import QDeadlineTimer, QEventLoop
from PySide6.QtWidgets import QApplication, QAbstractButton
from hsm.agent.window.style import dress
from hsm.agent.window.questions import ToSign
from hsm.agent.window.window import Desk, Window
from tests.hsm.agent.window.requests import request
application = QApplication([])
dress(application)
window = Window(Desk(run=None, examine=list, rehearsal=True))
window.show()
window._asked(ToSign(request(2)))
window._open(0)
deadline = QDeadlineTimer(40_000)
while window.reader.sheet.pixmap().isNull() and not deadline.hasExpired():
    application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
page = window.reader.sheet.pixmap()
window._back()
application.processEvents()
grabbed = window.grab()
print(json.dumps({
    "ratio": window.devicePixelRatioF(),
    "window": [window.width(), window.height()],
    "grabbed": [grabbed.width(), grabbed.height()],
    "page": [page.width(), page.height()],
    "page_ratio": page.devicePixelRatio(),
    "sign": window.consent.sign.height(),
    "smallest": min(min(b.width(), b.height()) for b in window.findChildren(QAbstractButton) if b.isVisible()),
}))
window.reader.leave()
"""


def looked_at(scale: str) -> dict[str, object]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    run = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    found: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_twice_the_pixels_for_the_same_window() -> None:
    one, two = looked_at("1"), looked_at("2")
    assert (one["ratio"], two["ratio"]) == (1.0, 2.0)
    assert one["window"] == two["window"]
    assert two["grabbed"] == [2 * side for side in one["grabbed"]]  # type: ignore[attr-defined]
    assert two["page_ratio"] == 2.0
    for before, after in zip(one["page"], two["page"], strict=True):  # type: ignore[call-overload]
        assert abs(after - 2 * before) <= 2
    assert one["sign"] == two["sign"]
    assert int(str(two["smallest"])) >= 24
    assert int(str(two["sign"])) >= 44
