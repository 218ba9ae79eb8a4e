"""Verification without a register: is the file intact, its signatures good and trusted? Nothing is said of offices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .etsi import Indication
from .findings import Coverage, FileFindings
from .trust import TrustConfiguration
from .workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineResult:
    """What one file is worth by itself."""

    path: Path
    findings: FileFindings

    @property
    def sound(self) -> bool:
        """Every signature passed, covers its revision, and nothing but allowed changes follows. None: not sound."""
        signatures = self.findings.signatures
        return bool(signatures) and all(
            each.indication is Indication.TOTAL_PASSED
            and each.coverage in {Coverage.ENTIRE_FILE, Coverage.ENTIRE_REVISION}
            and each.changes_allowed
            for each in signatures
        )


def verify_offline(workers: Workers, path: Path, trust: TrustConfiguration, *, at: datetime) -> OfflineResult:
    """Verify one file against the anchors in `trust` and what the file itself carries."""
    return OfflineResult(path=path, findings=workers.inspect(path, trust, at=at))
