"""Which functions may sign which kind of act for which kind of body, and by what article. Pure.

Numbers alone are articles of organic law 113-14; RGC is the building regulation (decree 2-18-577).
"""

from __future__ import annotations

from dataclasses import dataclass

from pki.registration.kinds import MECHOUAR_COMMUNES, ActKind, BodyKind, OfficeFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may sign: whose own act it is, and who may do it in his place by a recorded act."""

    functions: frozenset[OfficeFunction]
    article: str
    deputies: frozenset[OfficeFunction] = frozenset()
    """Functions that may sign on a delegation, or in an absent principal's place."""
    members: frozenset[OfficeFunction] = frozenset()
    """Functions that replace an absent principal when no deputy is there, named by the finding; never by delegation."""
    delegation_article: str = ""
    replacement_article: str = ""
    """Empty: nobody replaces an absent principal by law alone."""
    substitution_article: str = ""
    """Empty: the governor does not act in the principal's place."""
    committee_article: str = ""
    """Empty: a special committee does not sign it."""
    size_matters: bool = False
    """Only for small projects: to be asked with the project's size."""

    @property
    def others(self) -> frozenset[OfficeFunction]:
        """Functions that sign by a recorded act only, never by their office alone."""
        found = set(self.deputies | self.members)
        if self.substitution_article:
            found.add(OfficeFunction.GOVERNOR)
        if self.committee_article:
            found.add(OfficeFunction.SPECIAL_COMMITTEE)
        return frozenset(found)


_PRESIDENT = frozenset({OfficeFunction.PRESIDENT})
_VICE = frozenset({OfficeFunction.VICE_PRESIDENT})
_PACHA = frozenset({OfficeFunction.PACHA})
_MEMBER = frozenset({OfficeFunction.COMMITTEE_MEMBER})
_MINUTES = frozenset({OfficeFunction.COMMITTEE_MEMBER, OfficeFunction.SECRETARY})

_COMMUNE = Rule(
    functions=_PRESIDENT,
    article="113-14 art. 101",
    deputies=_VICE,
    members=frozenset({OfficeFunction.COUNCILLOR}),
    delegation_article="113-14 art. 103",
    replacement_article="113-14 art. 109",
    substitution_article="113-14 art. 76",
    committee_article="113-14 art. 74",
)
_ARRONDISSEMENT = Rule(
    functions=_PRESIDENT,
    article="113-14 art. 236",
    deputies=_VICE,
    delegation_article="113-14 art. 236",
    size_matters=True,
)
_MECHOUAR = Rule(
    functions=_PACHA,
    article="113-14 art. 113",
    deputies=frozenset({OfficeFunction.PACHA_ASSISTANT}),
    delegation_article="113-14 art. 113",
    replacement_article="113-14 art. 113",
)
# Nobody delegates what was delegated to him: these have no deputies.
_DELEGATION = Rule(functions=_PRESIDENT, article="113-14 art. 103")
_DELEGATION_IN_ARRONDISSEMENT = Rule(functions=_PRESIDENT, article="113-14 art. 236")
_DELEGATION_IN_MECHOUAR = Rule(functions=_PACHA, article="113-14 art. 113")
_OPINION = Rule(functions=_MEMBER, article="RGC art. 29")
_REPORT = Rule(functions=_MINUTES, article="RGC art. 38")
_ACCEPTANCE = Rule(functions=frozenset(OfficeFunction), article="43-20 art. 41")

RULES: dict[tuple[ActKind, BodyKind], Rule] = {
    (ActKind.LICENCE, BodyKind.COMMUNE): _COMMUNE,
    (ActKind.LICENCE, BodyKind.ARRONDISSEMENT): _ARRONDISSEMENT,
    (ActKind.REFUSAL, BodyKind.COMMUNE): _COMMUNE,
    (ActKind.REFUSAL, BodyKind.ARRONDISSEMENT): _ARRONDISSEMENT,
    (ActKind.DELEGATION, BodyKind.COMMUNE): _DELEGATION,
    (ActKind.DELEGATION, BodyKind.ARRONDISSEMENT): _DELEGATION_IN_ARRONDISSEMENT,
    **{(ActKind.OPINION, kind): _OPINION for kind in BodyKind},
    **{(ActKind.MINUTES, kind): _REPORT for kind in BodyKind},
    **{(ActKind.KEY_ACCEPTANCE, kind): _ACCEPTANCE for kind in BodyKind},
}
"""No row: nobody signs that act for that kind of body."""

DELEGABLE = frozenset({ActKind.LICENCE, ActKind.REFUSAL})
"""Acts that a president (in a méchouar commune, the pacha) may delegate, and in which others may take his place."""
PRESIDENTIAL = DELEGABLE | {ActKind.DELEGATION}


def rule_of(act: ActKind, body_kind: BodyKind, body_code: str, *, small_project: bool | None = None) -> Rule | None:
    """The rule for an act of that body, or None if nobody signs it for that body.

    :param small_project: of the dossier; an arrondissement grants and refuses small projects only (art. 236).
    """
    if act in PRESIDENTIAL and body_code in MECHOUAR_COMMUNES:
        return _DELEGATION_IN_MECHOUAR if act is ActKind.DELEGATION else _MECHOUAR
    rule = RULES.get((act, body_kind))
    return None if rule is not None and rule.size_matters and small_project is False else rule
