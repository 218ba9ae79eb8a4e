"""Where the configuration lies unless the command line says otherwise."""

from pathlib import Path

DEFAULT_PATH = Path("/etc/khatam/agent.toml")
