"""Acts on the register that two officers decide: which there are, how a proposal spells each, and how it is read back.

Pure. What was proposed is read back as it was spelled, also by a later release: a member that is added has a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import OfficeEnding, OfficeRecording
from pki.registration.powers.declarations import DeclarationRecording, DeclarationWithdrawal
from pki.registration.powers.delegations import DelegationDeed, DelegationEnding, DelegationRecording, PaperDeed
from pki.registration.powers.findings import FindingRecording
from pki.registration.powers.kinds import Declared, DelegationMode, FindingKind

RegisterAct = (
    OfficeRecording
    | OfficeEnding
    | DelegationRecording
    | DelegationEnding
    | FindingRecording
    | DeclarationRecording
    | DeclarationWithdrawal
)

_KINDS: Mapping[str, type[RegisterAct]] = {
    "office": OfficeRecording,
    "office_end": OfficeEnding,
    "delegation": DelegationRecording,
    "delegation_end": DelegationEnding,
    "finding": FindingRecording,
    "declaration": DeclarationRecording,
    "declaration_withdrawal": DeclarationWithdrawal,
}
_READ: Mapping[str, Callable[[Any], object]] = {
    "holder": UUID,
    "office": UUID,
    "replacement": UUID,
    "from_office": UUID,
    "to_office": UUID,
    "delegation": UUID,
    "supersedes": UUID,
    "declaration": UUID,
    "declared": Declared,
    "complete_from": date.fromisoformat,
    "starts_on": date.fromisoformat,
    "ends_on": date.fromisoformat,
    "function": OfficeFunction,
    "mode": DelegationMode,
    "kind": FindingKind,
    "acts": lambda each: frozenset(ActKind(act) for act in each),
    "deed": lambda each: each if isinstance(each, str) else DelegationDeed(**_values(each)),
    "paper": lambda each: PaperDeed(**each),
}
"""How each member of an act is read back; the others are text, numbers or null."""


def kind_of(act: RegisterAct) -> str:
    """`office`, `office_end`, `delegation`, `delegation_end`, `finding`, `declaration` or `declaration_withdrawal`."""
    return next(name for name, kind in _KINDS.items() if isinstance(act, kind))


def spelled(value: object) -> dict[str, object]:
    """The members of an act as JSON-safe values; its digest covers them."""
    assert is_dataclass(value)
    found = {each.name: getattr(value, each.name) for each in fields(value)}
    return {name: _member(each) for name, each in found.items()}


def _member(value: object) -> object:
    if is_dataclass(value):
        return spelled(value)
    return sorted(value) if isinstance(value, frozenset) else value


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if value is None or name not in _READ else _READ[name](value) for name, value in said.items()}


def read_act(kind: str, said: Mapping[str, Any]) -> RegisterAct:
    """The act of that kind, from what `spelled` made of it."""
    return _KINDS[kind](**_values(said))
