"""The paper of a hand-over of devices, in Arabic and French: signed by hand on both sides, a working paper here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pki.quota.devices.kinds import CustodyStep, StoreKind
from pki.quota.devices.sheets import HandoverSheet, SheetDevice, StoreName
from signer.rendering import words
from signer.rendering.engine import FONTS, engine
from signer.rendering.handover import asdict_both, qr_code, written
from signer.rendering.words import Both

TITLE = Both("وصل تسليم أجهزة التوقيع الإلكتروني", "Bordereau de remise de supports de signature")
CENTRE = Both("المخزن المركزي", "Magasin central")
_MARKS: Mapping[CustodyStep, Both] = {
    CustodyStep.MISS: Both("ناقص", "manquant"),
    CustodyStep.REFUSE: Both("مرفوض", "refusé"),
}
_TEXTS = {
    "from": Both("من", "De"),
    "to": Both("إلى", "À"),
    "serial": Both("الرقم التسلسلي", "N° de série"),
    "devices": Both("الأجهزة", "Supports"),
    "check": Both(
        "يُقارَن كل رقم بما كُتب على الجهاز قبل التوقيع. يُشطب على كل جهاز ناقص ويُذكر عددها بالحروف.",
        "Comparer chaque numéro à celui du support avant de signer. Rayer les supports manquants et en écrire le "
        "nombre en lettres.",
    ),
    "scan": Both(
        "يُسجَّل التسلم في المنظومة من طرف موظف غير الذي سجّل الإرسال.",
        "La réception est enregistrée par un autre agent que celui qui a enregistré l’envoi.",
    ),
    "gives": Both("سلّم: الاسم والتاريخ والتوقيع", "Remis par : nom, date, signature"),
    "takes": Both("تسلّم: الاسم والتاريخ والتوقيع", "Reçu par : nom, date, signature"),
}


def render_receipt(sheet: HandoverSheet, *, origin: str, environment: str, fonts: Path = FONTS) -> bytes:
    """Lay the paper out as PDF, as many pages as its serials take. The same hand-over gives the same bytes.

    :param origin: of the service; the QR leads to the hand-over there.
    :raise LayoutFailed: the engine refused it, or its font is not installed.
    """
    found = sheet.handover
    data = {
        "mark": asdict_both(words.REHEARSAL) if environment == "rehearsal" else None,
        "head": [asdict_both(words.KINGDOM), asdict_both(words.MINISTRY)],
        "title": asdict_both(TITLE),
        "texts": {name: asdict_both(said) for name, said in _TEXTS.items()},
        "number": str(found.number),
        "qr": qr_code(f"{origin}/v1/device-handovers/{found.number}"),
        "sender": _store(sheet.sender),
        "receiver": _store(sheet.receiver),
        "facts": [asdict_both(said) for said in _facts(sheet)],
        "remark": written(found.remark),
        "kinds": _kinds(sheet),
    }
    return engine(fonts).receipt(json.dumps(data, ensure_ascii=False))


def store_words(store: StoreName) -> Both:
    """How a store is called on paper."""
    if store.kind is StoreKind.CENTRE:
        return CENTRE
    if store.kind is StoreKind.REGION:
        return Both(f"جهة {store.name_ar}", f"Région {words.of(store.name_fr)}")
    return words.body_name("" if store.body_kind is None else store.body_kind.value, store.name_ar, store.name_fr)


def _store(store: StoreName) -> dict[str, object]:
    return {"name": asdict_both(store_words(store)), "code": store.code}


def _facts(sheet: HandoverSheet) -> list[Both]:
    found, count = sheet.handover, len(sheet.devices)
    sent = words.spelled_day(found.sent_on)
    facts = [
        Both(f"عدد الأجهزة: {count}", f"Nombre de supports : {count}"),
        Both(f"أُرسلت يوم {sent.ar}", f"Envoi : {sent.fr}"),
    ]
    if found.receipt is None:
        return facts
    came, receipt = words.spelled_day(found.receipt.received_on), found.receipt
    return [
        *facts,
        Both(f"تُسُلّمت يوم {came.ar}، وصل رقم {receipt.receipt}", f"Réception : {came.fr}, reçu n° {receipt.receipt}"),
        Both(f"المتسلّم: {receipt.received_by}", f"Reçu par : {receipt.received_by}"),
        Both(
            f"وصل: {receipt.arrived} – ناقص: {receipt.missing} – مرفوض: {receipt.refused}",
            f"Arrivés : {receipt.arrived} – manquants : {receipt.missing} – refusés : {receipt.refused}",
        ),
    ]


def _kinds(sheet: HandoverSheet) -> list[dict[str, object]]:
    """The devices by maker and model, each list in its order."""
    kinds = Counter((each.manufacturer, each.model) for each in sheet.devices)
    return [
        {
            "name": f"{maker} {model}",
            "count": str(count),
            "devices": [_device(each) for each in sheet.devices if (each.manufacturer, each.model) == (maker, model)],
        }
        for (maker, model), count in kinds.items()
    ]


def _device(device: SheetDevice) -> dict[str, object]:
    mark = None if device.outcome is None else _MARKS.get(device.outcome)
    return {"serial": device.serial, "mark": None if mark is None else asdict_both(mark)}
