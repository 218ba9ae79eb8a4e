"""The page of one order of a key: what the QR of a hand-over sheet leads to. It names no person."""

from __future__ import annotations

from api.pages.languages import Language
from api.pages.views import Fact
from pki.quota.kinds import OrderState
from pki.quota.reading import OrderNotice
from signer.rendering.words import body_name
from signer.verification.sentences import function_name


def order_facts(notice: OrderNotice, language: Language) -> tuple[Fact, ...]:
    """Body, office, state, day of the order."""
    _ = language.words.gettext
    function = function_name(notice.function.value, language.code)
    rank = "" if notice.rank is None else f" {notice.rank}"
    body = body_name(notice.body_kind.value, notice.name_ar, notice.name_fr)
    return (
        Fact(label=_("Body"), value=body.ar if language.code == "ar" else body.fr),
        Fact(label=_("Office"), value=f"{function}{rank}"),
        Fact(label=_("State of the order"), value=state_name(notice.state, language)),
        Fact(label=_("Ordered on"), value=language.day(notice.requested_at)),
    )


def state_name(state: OrderState, language: Language) -> str:
    """A state of an order in words."""
    _ = language.words.gettext
    return {
        OrderState.REQUESTED: _("ordered, waits for approval"),
        OrderState.APPROVED: _("approved"),
        OrderState.PERSONALISED: _("made by the authority"),
        OrderState.DELIVERED: _("delivered, waits for the holder's acceptance"),
        OrderState.ACTIVE: _("in use"),
        OrderState.BLOCKED: _("blocked"),
        OrderState.REVOKED: _("revoked"),
        OrderState.EXPIRED: _("expired"),
        OrderState.RETURNED: _("returned"),
        OrderState.REPLACED: _("replaced by another key"),
        OrderState.CANCELLED: _("cancelled"),
    }[state]
