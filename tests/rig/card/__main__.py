"""A virtual USB token: `python -m tests.rig.card STATE.json CONTROL.sock`.

Puts itself into no reader before the control socket says so; ends when its standard input does, so that none
outlives the test that started it.
"""

import sys
import threading
from pathlib import Path

from tests.rig.card.applet import Applet
from tests.rig.card.control import Control, server
from tests.rig.card.link import Link
from tests.rig.card.state import CardState


def main() -> None:
    """Serve the control socket until standard input ends."""
    state, control = (Path(each) for each in sys.argv[1:3])
    applet = Applet(CardState.open(state))
    link = Link(applet)
    with server(control, Control(applet, link)) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        link.pull()
        door.shutdown()


if __name__ == "__main__":
    main()
