"""Where document bytes lie: the port that storage satisfies."""

from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Bytes under their SHA-256 (lowercase hex): written once, never changed, safe to put twice."""

    def put(self, content: bytes) -> str:
        """Store the bytes and return their digest; on return they survive a power cut."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that digest, checked against it. Raises when they are absent or altered."""
        ...

    def path(self, sha256: str) -> Path:
        """Where those bytes are, for a worker that reads by path."""
        ...
