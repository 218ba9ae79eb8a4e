"""The wiring: one function builds the whole service from its settings.

Inner rooms state what they need as Protocols; here is where each of them is satisfied, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.settings import Secret, Settings
    from pki.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that the doors and the jobs use."""

    settings: Settings
    records: Records
    answers_key: Secret
    files: Any = None
    check_key: Any = None
    protection: Any = None
    drafting: Any = None
    desk: Any = None
    keyring: Any = None
    issuance: Any = None
    capture_validation: Callable[..., None] | None = None
