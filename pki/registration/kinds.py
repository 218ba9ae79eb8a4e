"""Kinds of body, function and act."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class BodyKind(StrEnum):
    """Kinds of organisation that can hold an allowance or sit in a committee."""

    COMMUNE = "commune"
    ARRONDISSEMENT = "arrondissement"
    PROVINCE = "province"
    SERVICE = "service"
    """A deconcentrated service of the Interior."""
    URBAN_AGENCY = "urban_agency"
    CIVIL_PROTECTION = "civil_protection"
    NETWORK_OPERATOR = "network_operator"
    ANCFCC = "ancfcc"


class OfficeFunction(StrEnum):
    """What a holder is in a body."""

    PRESIDENT = "president"
    VICE_PRESIDENT = "vice_president"
    COMMITTEE_MEMBER = "committee_member"
    SECRETARY = "secretary"
    PACHA = "pacha"
    PACHA_ASSISTANT = "pacha_assistant"
    GOVERNOR = "governor"
    SPECIAL_COMMITTEE = "special_committee"
    DIRECTOR_OF_SERVICES = "director_of_services"
    COUNCILLOR = "councillor"
    """A member of the council outside its bureau: signs in an absent president's place alone, named by a finding."""


class ActKind(StrEnum):
    """Kinds of act that somebody signs."""

    LICENCE = "licence"
    REFUSAL = "refusal"
    OPINION = "opinion"
    MINUTES = "minutes"
    KEY_ACCEPTANCE = "key_acceptance"
    DELEGATION = "delegation"
    """The deed by which an office lets another sign."""


_COUNCIL = frozenset({OfficeFunction.PRESIDENT, OfficeFunction.VICE_PRESIDENT, OfficeFunction.DIRECTOR_OF_SERVICES})
_COMMITTEE = frozenset({OfficeFunction.COMMITTEE_MEMBER, OfficeFunction.SECRETARY})
_MEMBER = frozenset({OfficeFunction.COMMITTEE_MEMBER})

FUNCTIONS_OF: Mapping[BodyKind, frozenset[OfficeFunction]] = MappingProxyType(
    {
        BodyKind.COMMUNE: _COUNCIL
        | _COMMITTEE
        | {OfficeFunction.PACHA, OfficeFunction.PACHA_ASSISTANT}
        | {OfficeFunction.SPECIAL_COMMITTEE, OfficeFunction.COUNCILLOR},
        BodyKind.ARRONDISSEMENT: _COUNCIL | _COMMITTEE,
        BodyKind.PROVINCE: _COMMITTEE | {OfficeFunction.GOVERNOR, OfficeFunction.DIRECTOR_OF_SERVICES},
        BodyKind.SERVICE: _COMMITTEE | {OfficeFunction.DIRECTOR_OF_SERVICES},
        BodyKind.URBAN_AGENCY: _COMMITTEE,
        BodyKind.CIVIL_PROTECTION: _MEMBER,
        BodyKind.NETWORK_OPERATOR: _MEMBER,
        BodyKind.ANCFCC: _MEMBER,
    }
)
"""Which functions exist in which kind of body."""

SINGLE_FUNCTIONS = frozenset({OfficeFunction.PRESIDENT, OfficeFunction.GOVERNOR, OfficeFunction.PACHA})
"""One person at a time in a body. Of vice-presidents, one person at a time in a rank."""

ELECTED_FUNCTIONS = frozenset({OfficeFunction.PRESIDENT, OfficeFunction.VICE_PRESIDENT})
"""Functions of a council's bureau: a person sits in one bureau, in one place, at a time."""

MECHOUAR_COMMUNES = frozenset({"03.061.01.03", "03.231.01.03", "04.421.01.07", "06.141.01.81", "07.351.01.01"})
"""HCP codes of the communes whose pacha has the president's powers (organic law 113-14, art. 113)."""
