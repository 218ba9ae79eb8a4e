"""Levels of committees, stages of a commune."""

from __future__ import annotations

from enum import StrEnum

COUNTRY = "MA"
"""The territory of the central committee."""
WINDOW_ABOVE = 50_000
"""Communes of more inhabitants have a single window, which is assessed (circular of 15 July 2019; RGC, art. 10)."""


class CommitteeLevel(StrEnum):
    """Three levels: chaired by the wali Director General, a wali, a governor."""

    CENTRAL = "central"
    REGIONAL = "regional"
    LOCAL = "local"


class Stage(StrEnum):
    """What a commune goes through, in this order."""

    COMMITTEE_NAMED = "committee_named"
    """The local committee of its province."""
    FIRST_MEETING = "first_meeting"
    """Of that committee."""
    WINDOW_ASSESSED = "window_assessed"
    """Only above `WINDOW_ABOVE` inhabitants."""
    TRAINED = "trained"
    """Somebody of the commune attended a session."""
    ALLOWANCE_OPEN = "allowance_open"
    ORDERED = "ordered"
    DELIVERED = "delivered"
    FIRST_SIGNATURE = "first_signature"
    """Of a licence."""
    REGULAR_USE = "regular_use"
    """As many licences in so many days as the policy asks."""


class RolloutKind(StrEnum):
    """Kinds of record of the room, as errors and the journal name them."""

    COMMITTEE = "committee"
    MEMBER = "member"
    MEETING = "meeting"
    PROPOSAL = "proposal"
    PROGRAMME = "programme"
    SESSION = "session"
    ATTENDANCE = "attendance"
    WINDOW = "window"
    PLAN = "plan"
    REPORT = "report"
