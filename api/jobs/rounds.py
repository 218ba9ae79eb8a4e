"""Rounds: work that comes back for ever, each with its pause. Each may be run twice, or by two processes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.wiring import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One kind of recurring work."""

    name: str
    seconds: float
    """Pause between the end of one run and the start of the next."""
    work: Callable[["House", datetime], None]


ROUNDS: tuple[Round, ...] = ()
