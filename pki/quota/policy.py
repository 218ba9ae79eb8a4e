"""What an installation sets about its quotas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPolicy:
    """Numbers of seats that decide who must agree."""

    four_eyes_above: int = 2
    """A transfer of more seats than this also needs an officer above both bodies. 0: each does."""
