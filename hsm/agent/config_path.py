"""Where the configuration lies unless the command line says otherwise: per machine, writable by its owner alone."""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    DEFAULT_PATH = Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Khatam" / "agent.toml"
    DEFAULT_SPOOL = Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Khatam" / "spool"
else:
    DEFAULT_PATH = Path("/etc/khatam/agent.toml")
    DEFAULT_SPOOL = Path("~/.local/state/khatam")
