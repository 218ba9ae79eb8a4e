"""What PyInstaller starts: the agent's command, or, when told so by the agent itself, one of its children.

The worker of one driver, or the child that draws the pages of one document.
"""

import io
import sys

from hsm.cryptoki.supervisor import FROZEN_ARGUMENT

if sys.argv[1:2] == [FROZEN_ARGUMENT]:
    from hsm.cryptoki.worker import main

    main()
elif sys.argv[1:2] == ["--draw-pages"]:
    from hsm.agent.window.drawing_child import main as draw

    raise SystemExit(draw())
else:
    # Sent to a file, Windows would have the code page of the PC's language: without Arabic, or without French.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the window has none
            stream.reconfigure(encoding="utf-8")
    from hsm.agent.cli import app

    app()
