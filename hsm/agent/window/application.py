"""`khatam-agent open URL`: the one window of one run. Everything that may fail is shown in it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from hsm.agent.config import AgentConfig, read_config
from hsm.agent.devices import open_devices
from hsm.agent.doctor.findings import Finding
from hsm.agent.errors import AgentError
from hsm.agent.hardening import harden
from hsm.agent.report import SigningReport
from hsm.agent.service.addresses import read_url
from hsm.agent.signing.ceremony import Signing, Surroundings

from .bridge import Bridge
from .languages import DEFAULT, NAMES
from .setting_up import SettingUp
from .setup_bridge import SetupBridge
from .style import dress
from .window import Desk, Window


def main(url: str | None, config: Path) -> int:
    """Show the window until it is closed.

    :param url: `khatam://ceremony/` and a ticket; None: a start by hand, which shows the lights of the first set-up.
    :return: the exit code of the last run, 0 without one.
    """
    harden()
    if QApplication.instance() is None:
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("khatam-agent")
    dress(application)
    window = Window(desk(url, config))
    codes = [0]
    window.ended.connect(lambda report: codes.append(report.error.exit_code if report.error else 0))
    window.gone.connect(application.quit)
    window.show()
    window.look_at_me()
    window.begin()
    application.exec()
    return codes[-1]


def desk(url: str | None, path: Path) -> Desk:
    """What the window needs, from this PC's configuration. A wrong one is what its run says."""

    def examine() -> Sequence[Finding]:
        from hsm.agent.doctor.examination import examine

        return examine(path)

    def set_up(bridge: SetupBridge) -> None:
        SettingUp(path, bridge).run()

    try:
        config = read_config(path)
        ticket = None if url is None else read_url(url)
    except AgentError as refused:
        error = refused
        return Desk(
            run=None if url is None else lambda _: SigningReport(error=error),
            examine=examine,
            set_up=set_up,
            language=spoken(),
        )
    return Desk(
        run=None if ticket is None else lambda bridge: Signing(config, ticket, around(config, bridge)).run(),
        examine=examine,
        set_up=set_up,
        rehearsal=config.environment == "rehearsal",
        language=config.language or spoken(),
        help_phone=config.help_phone,
    )


def around(config: AgentConfig, bridge: Bridge) -> Surroundings:
    """A run's surroundings with a window in front of it."""
    return Surroundings(devices=lambda: open_devices(config), consent=bridge, pins=bridge, progress=bridge.progress)


def spoken() -> str:
    """The desktop's language if it is one of ours, else Arabic."""
    code = os.environ.get("LANG", "")[:2]
    return code if code in NAMES else DEFAULT
