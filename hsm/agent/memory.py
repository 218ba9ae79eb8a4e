"""What was learned of a key, so that the next sitting can say beforehand how often the PIN will be asked."""

import json
from pathlib import Path

from .owner_only import write

MEMORY_FILE = "keys.json"
MOST = 100
"""Keys remembered; beyond, the oldest is forgotten."""


class Memory:
    """One file in the spool root: by SHA-256 of the certificate, whether its key asks its PIN each time.

    A hint, never a permission: a damaged file is an empty one, and a key says again what it is when it is opened.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / MEMORY_FILE

    def always_authenticate(self, certificate_sha256: str) -> bool | None:
        """What was learned; None: nothing."""
        return self._read().get(certificate_sha256)

    def learn(self, certificate_sha256: str, *, always_authenticate: bool) -> None:
        """Keep it for the next run."""
        known = self._read()
        if known.get(certificate_sha256) is always_authenticate:
            return
        known.pop(certificate_sha256, None)
        known[certificate_sha256] = always_authenticate
        self._write(dict(list(known.items())[-MOST:]))

    def forget(self, certificate_sha256: str) -> None:
        """It was wrong."""
        known = self._read()
        if known.pop(certificate_sha256, None) is not None:
            self._write(known)

    def _read(self) -> dict[str, bool]:
        try:
            plain = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(plain, dict):
            return {}
        return {str(name): value for name, value in plain.items() if isinstance(value, bool)}

    def _write(self, known: dict[str, bool]) -> None:
        write(self._path, json.dumps(known).encode())
