"""Kinds of delegation, deed and finding."""

from __future__ import annotations

from enum import StrEnum


class DelegationMode(StrEnum):
    """What is delegated: the signature, or powers of one sector (organic law 113-14, art. 103)."""

    SIGNATURE = "signature"
    POWERS = "powers"


class DeedKind(StrEnum):
    """Where the register has a delegation from."""

    SIGNED = "signed"
    """A document signed in a ceremony here; its completing transaction recorded it."""
    PAPER = "paper"
    """A paper deed: recorded by one officer, confirmed by another."""


class FindingKind(StrEnum):
    """What was found, by an act outside the register."""

    ABSENCE = "absence"
    """An office holder absent or prevented for more than a month (art. 109; of a pacha: art. 113)."""
    SUBSTITUTION = "substitution"
    """The governor acts in the place of a president who refuses to (art. 76)."""
    SPECIAL_COMMITTEE = "special_committee"
    """A council suspended, dissolved or not elected: current affairs by a special committee (art. 74)."""


class PowerKind(StrEnum):
    """What a chain of power rests on beside the offices."""

    DELEGATION = "delegation"
    ABSENCE = "absence"
    SUBSTITUTION = "substitution"
    SPECIAL_COMMITTEE = "special_committee"


class Declared(StrEnum):
    """Of what it is declared that nothing is missing from the register."""

    OFFICES = "offices"
    POWERS = "powers"
    """Delegations and findings."""
