"""Hand-over sheets of an election: one page a council, in Arabic and French. Working papers: nothing is signed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import segno

from pki.quota.elections.kinds import KeyOutcome
from pki.quota.elections.sheets import CouncilSheet, SheetGone, SheetPlace
from signer.rendering import words
from signer.rendering.engine import FONTS, engine
from signer.rendering.errors import FactsRefused
from signer.rendering.words import Both

ORDER_PAGE = "/O/"
"""Where the state of an order is told, before its number."""
MOST = 200
"""Sheets in one file: a province has at most a hundred communes."""
TITLE = Both("محضر تسليم مفاتيح التوقيع الإلكتروني", "Bordereau de passation des clés de signature")
_OUTCOMES: Mapping[KeyOutcome, Both] = {
    KeyOutcome.KEPT: Both("يحتفظ بمفتاحه", "Garde sa clé"),
    KeyOutcome.SUCCEEDS: Both("مفتاح جديد مكان مفتاح سلفه", "Nouvelle clé, à la place de la précédente"),
    KeyOutcome.ORDERED: Both("مفتاح جديد", "Nouvelle clé"),
    KeyOutcome.NO_SEAT: Both("لا مكان متاح: يُطلب مفتاح إضافي", "Aucune place : demander une clé supplémentaire"),
    KeyOutcome.NONE: Both("بدون مفتاح", "Sans clé"),
}
_TEXTS = {
    "came": Both("المكتب الجديد", "Nouveau bureau"),
    "gone": Both("من انتهت مهامهم", "Fin de fonctions"),
    "function": Both("الصفة", "Fonction"),
    "person": Both("الاسم", "Nom"),
    "key": Both("المفتاح", "Clé"),
    "number": Both("رقم الطلب", "N° de la demande"),
    "device": Both("الجهاز", "Support"),
    "back": Both("يُعاد الجهاز إلى العمالة أو الإقليم", "Support à rendre à la préfecture ou à la province"),
    "none": Both("لا أحد", "Personne"),
    "stops": Both(
        "لا يوقّع أي مفتاح من مفاتيح المجلس المنتهية مهامه باسم الجماعة ابتداءً من هذا التاريخ. "
        "الوثائق الموقعة قبله تبقى صحيحة.",
        "À partir de cette date, aucune clé du conseil sortant ne signe plus pour la commune. "
        "Les documents signés auparavant restent authentiques.",
    ),
    "scan": Both(
        "لتتبع طلب المفتاح وقبوله، امسحوا الرمز المقابل لصاحبه.",
        "Pour suivre la demande d’une clé et son acceptation, scannez le code de son titulaire.",
    ),
    "secret": Both(
        "المفتاح ورقمه السري شخصيان: لا يُسلَّمان لأحد، ولو كان رئيسًا أو موظفًا.",
        "La clé et son code sont personnels : ils ne se prêtent à personne, même au président ou à un agent.",
    ),
    "gives": Both("سلّم", "Remis par"),
    "takes": Both("تسلّم", "Reçu par"),
}


def render_handover(sheets: Sequence[CouncilSheet], *, origin: str, environment: str, fonts: Path = FONTS) -> bytes:
    """Lay the sheets out as one PDF, a page each (two for the largest bureaus). The same sheets give the same bytes.

    :param origin: of the service; each new key's QR leads to the page that tells how far its order is.
    :raise FactsRefused: none, or more than `MOST`.
    :raise LayoutFailed: the engine refused it, or its font is not installed.
    """
    if not sheets or len(sheets) > MOST:
        raise FactsRefused("sheets", f"are {len(sheets)}; one file holds 1 to {MOST}")
    data = {
        "mark": asdict_both(words.REHEARSAL) if environment == "rehearsal" else None,
        "head": [asdict_both(words.KINGDOM), asdict_both(words.MINISTRY)],
        "title": asdict_both(TITLE),
        "texts": {name: asdict_both(said) for name, said in _TEXTS.items()},
        "sheets": [_sheet(each, origin) for each in sheets],
    }
    return engine(fonts).handover(json.dumps(data, ensure_ascii=False))


def asdict_both(said: Both) -> dict[str, str]:
    """As a template reads it."""
    return asdict(said)


def _sheet(sheet: CouncilSheet, origin: str) -> dict[str, object]:
    ended, began = words.spelled_day(sheet.frozen_on), words.spelled_day(sheet.elected_on)
    return {
        "body": asdict_both(words.body_name(sheet.kind.value, sheet.name_ar, sheet.name_fr)),
        "code": sheet.body_code,
        "label": written(sheet.label),
        "ended": asdict_both(
            Both(f"انتهت مهام المجلس السابق ابتداءً من {ended.ar}", f"Fin du conseil sortant : {ended.fr}")
        ),
        "ended_deed": written(sheet.freeze_deed),
        "began": asdict_both(Both(f"انتُخب المجلس الجديد يوم {began.ar}", f"Élection du nouveau conseil : {began.fr}")),
        "began_deed": written(sheet.deed),
        "places": [_place(each, origin) for each in sheet.places],
        "gone": [_gone(each) for each in sheet.gone],
    }


def _place(place: SheetPlace, origin: str) -> dict[str, object]:
    fresh = place.order is not None and place.outcome is not KeyOutcome.KEPT
    return {
        "function": asdict_both(_function(place.function.value, place.rank)),
        "name": {"fr": place.name_latin, "ar": place.name_ar},
        "outcome": asdict_both(_OUTCOMES[place.outcome]),
        "order": "" if place.order is None else str(place.order),
        "qr": qr_code(f"{origin}{ORDER_PAGE}{place.order}") if fresh else None,
    }


def _gone(gone: SheetGone) -> dict[str, object]:
    return {
        "function": asdict_both(_function(gone.function.value, gone.rank)),
        "name": {"fr": gone.name_latin, "ar": gone.name_ar},
        "order": "" if gone.order is None else str(gone.order),
    }


def _function(function: str, rank: int | None) -> Both:
    said = words.FUNCTIONS[function]
    return said if rank is None else Both(f"{said.ar} رقم {rank}", f"{said.fr} n° {rank}")


def written(text: str) -> dict[str, object]:
    """What somebody wrote, in the direction of its first letter."""
    first = next((each for each in text if each.isalpha()), "a")
    return {"text": text, "rtl": "\u0590" <= first <= "\u08ff"}


def qr_code(address: str) -> str:
    """An address as a picture (SVG)."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=1)
    return out.getvalue().decode()
