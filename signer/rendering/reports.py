"""The report of a committee as PDF/A: a treemap of its communes and the same numbers in tables, both languages."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date

from signer.rendering import words
from signer.rendering.engine import FONTS, report_engine
from signer.rendering.treemap import Rectangle, squarified
from signer.rendering.words import Both

PICTURE = Rectangle(0, 0, 482, 330)
"""In points: the width between the margins of an A4 page."""
LABEL_CHARACTER = 4.6
"""Points that a letter of a label takes, at most."""
LABEL_HEIGHT = 26
MOST_PROPOSAL_CHARACTERS = 4000

TITLES = {
    "local": Both("التقرير الشهري للجنة المحلية", "Rapport mensuel du comité local"),
    "regional": Both("التقرير الشهري للجنة الجهوية", "Rapport mensuel du comité régional"),
    "central": Both("التقرير الشهري للجنة المركزية", "Rapport mensuel du comité central"),
}
STAGES = {
    "committee_named": Both("تعيين اللجنة المحلية", "Comité local désigné"),
    "first_meeting": Both("الاجتماع الأول", "Première réunion"),
    "window_assessed": Both("تقييم الشباك الوحيد", "Guichet unique évalué"),
    "trained": Both("التكوين", "Formation suivie"),
    "allowance_open": Both("فتح الحصة", "Quota ouvert"),
    "ordered": Both("طلب مفتاح", "Clé commandée"),
    "delivered": Both("تسليم مفتاح", "Clé remise"),
    "first_signature": Both("أول توقيع", "Première signature"),
    "regular_use": Both("استعمال منتظم", "Usage régulier"),
}
NOT_BEGUN = Both("لم تبدأ", "Pas commencé")
STEPS = (
    ("#ffffff", Both("لم تبدأ", "Pas commencé"), (None,)),
    ("#d9e7f2", Both("التحضير", "Préparation"), ("committee_named", "first_meeting", "window_assessed", "trained")),
    ("#93bbd9", Both("حصة أو طلب", "Quota ouvert, clé commandée"), ("allowance_open", "ordered")),
    ("#3f7fb0", Both("المفتاح مسلم", "Clé remise"), ("delivered",)),
    ("#0b4f8a", Both("التوقيع", "Signature"), ("first_signature", "regular_use")),
)
"""Colour, words, and the furthest stages that it stands for. The number of the step is printed beside the colour."""
KEYS = {
    "requested": Both("مطلوب", "Demandées"),
    "approved": Both("موافق عليه", "Approuvées"),
    "personalised": Both("مشخصن", "Personnalisées"),
    "delivered": Both("مسلم", "Remises"),
    "active": Both("مستعمل", "Actives"),
    "blocked": Both("موقوف", "Bloquées"),
    "revoked": Both("ملغى", "Révoquées"),
    "expired": Both("منتهي الصلاحية", "Expirées"),
    "returned": Both("مسترجع", "Restituées"),
    "replaced": Both("مستبدل", "Remplacées"),
    "cancelled": Both("طلب ملغى", "Commandes annulées"),
}
FIGURES = (
    ("seats", "granted", Both("المقاعد الممنوحة", "Sièges accordés")),
    ("seats", "reserved", Both("المقاعد المحجوزة", "Sièges réservés")),
    ("seats", "live", Both("المقاعد المستعملة", "Sièges en usage")),
    ("seats", "bodies_without_free_seat", Both("هيئات بدون مقعد شاغر", "Organismes sans siège libre")),
    ("losses", "blocked_in_month", Both("مفاتيح أوقفت خلال الشهر", "Clés bloquées dans le mois")),
    ("losses", "standing", Both("مفاتيح موقوفة حاليا", "Clés bloquées à ce jour")),
    ("committees", "named", Both("اللجان المعينة", "Comités désignés")),
    ("committees", "members", Both("أعضاء اللجان", "Membres des comités")),
    ("committees", "meetings_in_month", Both("اجتماعات الشهر", "Réunions du mois")),
    ("training", "sessions_in_month", Both("حصص التكوين خلال الشهر", "Séances de formation du mois")),
    ("training", "attended_in_month", Both("المشاركون خلال الشهر", "Participants du mois")),
    ("training", "holders_trained", Both("أصحاب المفاتيح المكونون", "Titulaires formés")),
    ("training", "untrained_keys", Both("مفاتيح لدى أشخاص غير مكونين", "Clés remises à des titulaires non formés")),
    ("windows", "to_assess", Both("شبابيك يجب تقييمها", "Guichets uniques à évaluer")),
    ("windows", "assessed", Both("شبابيك تم تقييمها", "Guichets uniques évalués")),
    ("windows", "adequate", Both("شبابيك مجهزة بما يكفي", "Guichets uniques suffisamment équipés")),
)
SEAL_NOTE = Both(
    "يحمل هذا التقرير خاتما إلكترونيا للهيئة، وليس توقيع رئيس ولا توقيع أي شخص.",
    "Ce rapport porte le cachet électronique de l’organisme ; ce n’est la signature d’aucun président ni d’aucune "
    "personne.",
)

Page = dict[str, Any]


def render_report(
    numbers: Mapping[str, Any], *, reference: str, digest: str, environment: str, fonts: Path = FONTS
) -> bytes:
    """Lay out a report from its stored numbers. The same numbers give the same bytes.

    :raise LayoutFailed: the engine refused it, or its font is not installed.
    """
    data = lay_out_report(numbers, reference=reference, digest=digest, environment=environment)
    return report_engine(fonts).report(json.dumps(data, ensure_ascii=False, default=_json))


def lay_out_report(numbers: Mapping[str, Any], *, reference: str, digest: str, environment: str) -> Page:
    """The template's input: finished strings, rectangles, rows."""
    month = date.fromisoformat(f"{numbers['month']}-01")
    made = datetime.fromisoformat(numbers["made_at"])
    claims = {"kind": "report", "reference": reference, "body_code": numbers["territory"], "environment": environment}
    return {
        "mark": words.REHEARSAL if environment == "rehearsal" else None,
        "head": [words.KINGDOM, words.MINISTRY, _territory(numbers)],
        "title": TITLES[numbers["level"]],
        "month": Both(format_date(month, "MMMM y", locale="ar_MA"), format_date(month, "MMMM y", locale="fr_MA")),
        "date": [made.year, made.month, made.day],
        "made": words.spelled_time(made),
        "reference": reference,
        "digest": " ".join(digest[start : start + 8] for start in range(0, len(digest), 8)),
        "note": SEAL_NOTE,
        "figures": [[label, numbers[section][name]] for section, name, label in FIGURES],
        "keys": [[KEYS[state], count] for state, count in sorted(numbers["keys"].items(), key=_order) if state in KEYS],
        "stages": [
            [STAGES[each["stage"]], *(each[name] for name in ("applies", "reached", "planned", "late"))]
            for each in numbers["stages"]
        ],
        "picture": _picture(numbers),
        "legend": [
            {"colour": colour, "step": str(step), "words": said, "light": step > LAST_DARK_INK}
            for step, (colour, said, _) in enumerate(STEPS)
        ],
        "communes": [
            [
                Both(each["name_ar"], each["name_fr"]),
                STAGES.get(each["stage"], NOT_BEGUN),
                *(each[name] for name in ("population", "granted", "reserved", "live", "late")),
            ]
            for each in numbers["communes"]
        ],
        "late": [
            [Both(each["name_ar"], each["name_fr"]), STAGES[each["stage"]], each["planned_on"], each["days"]]
            for each in numbers["late"]
        ],
        "proposals": [
            [each["territory"], each["made_on"], _directed(each["text"][:MOST_PROPOSAL_CHARACTERS])]
            for each in numbers["proposals"]
        ],
        "rests_on": [
            [Both(each["name_ar"], each["name_fr"]), each["digest"][:16] if each["digest"] else None]
            for each in numbers["rests_on"]
        ],
        "claims": json.dumps(claims | {"v": 1, "numbers_sha256": digest}, ensure_ascii=False, sort_keys=True),
        "numbers": json.dumps(numbers, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    }


LAST_DARK_INK = 2
"""Up to this step the ground is light enough for dark ink."""


def _picture(numbers: Mapping[str, Any]) -> Page:
    """Communes by population, grouped as the level below is: by province in a region, by region in the country."""
    group = {"local": None, "regional": "province", "central": "region"}[numbers["level"]]
    names = {each["territory"]: each["name_fr"] for each in numbers["rests_on"]}
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in numbers["communes"]:
        groups.setdefault(each[group] if group else "", []).append(each)
    codes = sorted(groups)
    frames = squarified([sum(each["population"] for each in groups[code]) for code in codes], PICTURE)
    cells = [cell for code, frame in zip(codes, frames, strict=True) for cell in _cells(groups[code], frame)]
    return {
        "width": PICTURE.width,
        "height": PICTURE.height,
        "cells": cells,
        "frames": [_frame(frame, names.get(code)) for code, frame in zip(codes, frames, strict=True)] if group else [],
        "alt": f"Communes par population et par étape atteinte : {len(cells)} rectangles ; mêmes chiffres en tableau.",
    }


def _frame(place: Rectangle, name: str | None) -> Page:
    """A group's frame, with its name where there is room for it."""
    fits = name is not None and place.width > LABEL_CHARACTER * len(name) and place.height > LABEL_HEIGHT
    return _placed(place) | {"name": name if fits else None}


def _cells(communes: Sequence[Mapping[str, Any]], frame: Rectangle) -> list[Page]:
    places = squarified([each["population"] for each in communes], frame)
    return [_cell(commune, place) for commune, place in zip(communes, places, strict=True)]


def _cell(commune: Mapping[str, Any], place: Rectangle) -> Page:
    step = next(number for number, (_, _, stages) in enumerate(STEPS) if commune["stage"] in stages)
    seats = f"{step} · {commune['live']}/{commune['granted']}"
    fits = place.width > LABEL_CHARACTER * max(len(commune["name_fr"]), len(seats)) and place.height > LABEL_HEIGHT
    small = place.width > LABEL_CHARACTER * 2 and place.height > 9  # noqa: PLR2004
    return _placed(place) | {
        "fill": STEPS[step][0],
        "light": step > LAST_DARK_INK,
        "name": commune["name_fr"] if fits else None,
        "said": seats if fits else str(step) if small else None,
    }


def _placed(place: Rectangle) -> Page:
    """To a hundredth of a point, so that the same numbers give the same bytes everywhere."""
    return {
        "x": round(place.left, 2),
        "y": round(place.top, 2),
        "w": round(place.width, 2),
        "h": round(place.height, 2),
    }


def _territory(numbers: Mapping[str, Any]) -> Both:
    name_ar, name_fr = numbers["name_ar"], numbers["name_fr"]
    if numbers["level"] == "local":
        return words.body_name("province", name_ar, name_fr)
    if numbers["level"] == "regional":
        return Both(f"جهة {name_ar}", f"Région {words.of(name_fr)}")
    return Both("المديرية العامة للجماعات الترابية", "Direction générale des collectivités territoriales")


def _directed(text: str) -> Page:
    rtl = next((each for each in map(_direction, text) if each is not None), False)
    return {"text": text, "rtl": rtl}


def _direction(letter: str) -> bool | None:
    kind = unicodedata.bidirectional(letter)
    return True if kind in ("R", "AL") else False if kind == "L" else None


def _order(item: tuple[str, Any]) -> int:
    return list(KEYS).index(item[0]) if item[0] in KEYS else len(KEYS)


def _json(value: object) -> object:
    assert isinstance(value, Both)
    return {"ar": value.ar, "fr": value.fr}
