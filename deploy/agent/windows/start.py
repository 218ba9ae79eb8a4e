"""What PyInstaller starts: the agent's command, or, when told so by the agent itself, the worker of one driver."""

import sys

from hsm.cryptoki.supervisor import FROZEN_ARGUMENT

if sys.argv[1:2] == [FROZEN_ARGUMENT]:
    from hsm.cryptoki.worker import main

    main()
else:
    from hsm.agent.cli import app

    app()
