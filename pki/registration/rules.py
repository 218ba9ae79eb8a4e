"""Which functions may sign which kind of act for which kind of body, and by what article. Pure.

Numbers alone are articles of organic law 113-14; RGC is the building regulation (decree 2-18-577).
"""

from __future__ import annotations

from dataclasses import dataclass

from pki.registration.kinds import MECHOUAR_COMMUNES, ActKind, BodyKind, OfficeFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may sign."""

    functions: frozenset[OfficeFunction]
    article: str
    by_delegation: frozenset[OfficeFunction] = frozenset()
    """Functions that may sign on a delegation (or as replacement), which this register does not keep yet."""


_PRESIDENT = frozenset({OfficeFunction.PRESIDENT})
_VICE = frozenset({OfficeFunction.VICE_PRESIDENT})
_MEMBER = frozenset({OfficeFunction.COMMITTEE_MEMBER})
_MINUTES = frozenset({OfficeFunction.COMMITTEE_MEMBER, OfficeFunction.SECRETARY})

_COMMUNE = Rule(functions=_PRESIDENT, article="113-14 art. 101", by_delegation=_VICE)
_ARRONDISSEMENT = Rule(functions=_PRESIDENT, article="113-14 art. 236", by_delegation=_VICE)
_MECHOUAR = Rule(
    functions=frozenset({OfficeFunction.PACHA}),
    article="113-14 art. 113",
    by_delegation=frozenset({OfficeFunction.PACHA_ASSISTANT}),
)
_OPINION = Rule(functions=_MEMBER, article="RGC art. 29")
_REPORT = Rule(functions=_MINUTES, article="RGC art. 38")
_ACCEPTANCE = Rule(functions=frozenset(OfficeFunction), article="43-20 art. 41")

RULES: dict[tuple[ActKind, BodyKind], Rule] = {
    (ActKind.LICENCE, BodyKind.COMMUNE): _COMMUNE,
    (ActKind.LICENCE, BodyKind.ARRONDISSEMENT): _ARRONDISSEMENT,
    (ActKind.REFUSAL, BodyKind.COMMUNE): _COMMUNE,
    (ActKind.REFUSAL, BodyKind.ARRONDISSEMENT): _ARRONDISSEMENT,
    **{(ActKind.OPINION, kind): _OPINION for kind in BodyKind},
    **{(ActKind.MINUTES, kind): _REPORT for kind in BodyKind},
    **{(ActKind.KEY_ACCEPTANCE, kind): _ACCEPTANCE for kind in BodyKind},
}
"""No row: nobody signs that act for that kind of body."""

_PRESIDENTIAL = frozenset({ActKind.LICENCE, ActKind.REFUSAL})


def rule_of(act: ActKind, body_kind: BodyKind, body_code: str) -> Rule | None:
    """The rule for an act of that body, or None if nobody signs it."""
    if act in _PRESIDENTIAL and body_code in MECHOUAR_COMMUNES:
        return _MECHOUAR
    return RULES.get((act, body_kind))
