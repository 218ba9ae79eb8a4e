"""Kinds of alert, their steps, and the figures that they open at."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from pki.registration.kinds import BodyKind, OfficeFunction


class AlertKind(StrEnum):
    """What holds, of a body, an order or an office."""

    SEATS_80 = "seats_80"
    """Four fifths of a body's seats are in use, or more."""
    SEATS_100 = "seats_100"
    """None is left: nothing new can be ordered. Whoever has a key signs on."""
    EXPIRY_90 = "expiry_90"
    """A key's certificate ends in 90 civil days or fewer."""
    EXPIRY_30 = "expiry_30"
    EXPIRY_7 = "expiry_7"
    KEY_IDLE = "key_idle"
    """An active key signed nothing for 60 civil days."""
    OFFICE_WITHOUT_KEY = "office_without_key"
    """Somebody is in an office that signs and has no active key."""
    KEY_WITHOUT_OFFICE = "key_without_office"
    """An active key whose holder is in no office of its body any more: its succession is pending. Or an order under
    way for an office that is over: nothing comes of it, and it keeps its seat until somebody gives it up."""
    UNABLE_TO_SIGN = "unable_to_sign"
    """Nobody can sign a commune's or an arrondissement's licences today."""
    WITHOUT_SIGNATORY = "without_signatory"
    """The same by law, between two councils: nobody's fault, and nothing to mend."""


class AlertState(StrEnum):
    """How an alert stands."""

    OPEN = "open"
    SUPERSEDED = "superseded"
    """It holds, and a stronger one of the same subject tells it."""
    CLOSED = "closed"


class Handling(StrEnum):
    """What an officer does with an alert."""

    ASSIGNED = "assigned"
    SNOOZED = "snoozed"


class Family(StrEnum):
    """Kinds that are swept together, in one transaction."""

    SEATS = "seats"
    EXPIRY = "expiry"
    IDLE = "idle"
    OFFICES = "offices"
    KEYS = "keys"
    SIGNATORIES = "signatories"


KINDS_OF: Mapping[Family, tuple[AlertKind, ...]] = MappingProxyType(
    {
        Family.SEATS: (AlertKind.SEATS_80, AlertKind.SEATS_100),
        Family.EXPIRY: (AlertKind.EXPIRY_90, AlertKind.EXPIRY_30, AlertKind.EXPIRY_7),
        Family.IDLE: (AlertKind.KEY_IDLE,),
        Family.OFFICES: (AlertKind.OFFICE_WITHOUT_KEY,),
        Family.KEYS: (AlertKind.KEY_WITHOUT_OFFICE,),
        Family.SIGNATORIES: (AlertKind.UNABLE_TO_SIGN, AlertKind.WITHOUT_SIGNATORY),
    }
)
STEPS: Mapping[AlertKind, AlertKind] = MappingProxyType(
    {
        AlertKind.SEATS_80: AlertKind.SEATS_100,
        AlertKind.EXPIRY_90: AlertKind.EXPIRY_30,
        AlertKind.EXPIRY_30: AlertKind.EXPIRY_7,
    }
)
"""What supersedes what, while both hold."""

PER_CENT: Mapping[AlertKind, int] = MappingProxyType({AlertKind.SEATS_80: 80, AlertKind.SEATS_100: 100})
DAYS_LEFT: Mapping[AlertKind, int] = MappingProxyType(
    {AlertKind.EXPIRY_90: 90, AlertKind.EXPIRY_30: 30, AlertKind.EXPIRY_7: 7}
)
IDLE_DAYS = 60
GRACE_DAYS: Mapping[OfficeFunction, int] = MappingProxyType(
    {
        # Without them a commune signs nothing: said on their first day.
        OfficeFunction.PRESIDENT: 0,
        OfficeFunction.PACHA: 0,
        # From the start of the delegation. An order, its papers and the post take about a month.
        OfficeFunction.VICE_PRESIDENT: 30,
        OfficeFunction.COMMITTEE_MEMBER: 30,
        OfficeFunction.SECRETARY: 30,
    }
)
"""Offices that sign by themselves or on a delegation, and how many days they may be without a key.

Those that act only on somebody's finding (governor, special committee, pacha's assistant) are not waited for.
"""
ROLLED_OUT = frozenset({BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT, BodyKind.PROVINCE, BodyKind.SERVICE})
"""Kinds whose bodies wait for their wave: until their allowance opens nobody is missed there."""
