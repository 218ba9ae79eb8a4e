"""From facts to what a template prints: finished strings in both languages, tables, boxes. Pure."""

from __future__ import annotations

import dataclasses
import io
import json
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import segno

from signer.rendering import words
from signer.rendering.errors import FactsRefused
from signer.rendering.facts import (
    ApplicationFacts,
    BodyFacts,
    DecisionFacts,
    DelegationFacts,
    DocumentFacts,
    DossierFacts,
    KeyAcceptanceFacts,
    LicenceFacts,
    MinutesFacts,
    OpinionFacts,
    RefusalFacts,
)
from signer.rendering.words import Both
from signer.signature_boxes import MOST, signature_boxes

Page = dict[str, Any]
"""What the document template reads; JSON-safe."""


_OF_THE_MINISTRY = ("", "commune", "arrondissement", "province")


def lay_out(facts: DocumentFacts) -> str:
    """The template's input, as JSON.

    :raise FactsRefused: more signers than a page has boxes for.
    """
    if len(facts.signers) > MOST:
        raise FactsRefused("members", f"are more than the {MOST} that one page can hold")
    page = _common(facts)
    page.update(_KINDS[type(facts)](facts))
    return json.dumps(page, ensure_ascii=False, default=_json)


def _json(value: object) -> object:
    if isinstance(value, Both):
        return {"ar": value.ar, "fr": value.fr}
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    return dataclasses.asdict(value)


def _common(facts: DocumentFacts) -> Page:
    body = _body(facts.body)
    return {
        "mark": words.REHEARSAL if facts.environment == "rehearsal" else None,
        "head": [words.KINGDOM, *([words.MINISTRY] if facts.body.kind in _OF_THE_MINISTRY else []), body],
        "reference": facts.reference,
        "check": facts.check,
        "qr": _qr(facts.address) if facts.address else None,
        "address": facts.address,
        "day": words.spelled_day(facts.date),
        "date": [facts.date.year, facts.date.month, facts.date.day],
        "claims": json.dumps(facts.claims(), ensure_ascii=False, indent=1, sort_keys=True),
        "subject": facts.title,
        "note": None,
        "statement": None,
        "strong": False,
        "grounds": [],
        "ordains": None,
        "rows": [],
        "texts": [],
        "members": [],
        "boxes": _boxes(facts),
    }


def _boxes(facts: DocumentFacts) -> list[Page]:
    boxes = signature_boxes(len(facts.signers))
    top = max((box.bottom + box.height for box in boxes), default=0)
    return [
        {
            "left": box.left - boxes[0].left,
            "top": top - box.bottom - box.height,
            "width": box.width,
            "height": box.height,
            "name": Both(person.name_ar, person.name_latin),
        }
        for box, person in zip(boxes, facts.signers, strict=True)
    ]


def _application(facts: ApplicationFacts) -> Page:
    return {
        "title": Both("طلب رخصة", "Demande de permis"),
        "note": Both("هذا طلب وليس رخصة.", "Ceci est une demande, non une autorisation."),
        "rows": [
            _row(Both("المشروع", "Projet"), facts.title),
            _row(Both("صاحب الطلب", "Demandeur"), facts.applicant),
            _row(Both("العقار", "Terrain"), facts.parcel),
        ],
        "texts": _texts(Both("وصف المشروع", "Description du projet"), facts.text),
    }


def _opinion(facts: OpinionFacts) -> Page:
    return {
        "title": Both("رأي عضو اللجنة", "Avis d’un membre de la commission"),
        "note": Both("هذا رأي وليس رخصة.", "Ceci est un avis, non une autorisation."),
        "statement": words.OPINIONS[facts.opinion],
        "strong": facts.opinion == "unfavourable",
        "rows": [
            *_dossier_rows(facts.dossier),
            _row(Both("صاحب الرأي", "Avis donné par"), Both(facts.signer.name_ar, facts.signer.name_latin)),
            _row(Both("باسم", "Au nom de"), _body(facts.body)),
        ],
        "texts": [
            *_texts(Both("التعليل", "Motifs"), facts.text),
            *_texts(
                Both("الملفات المطلع عليها", "Pièces examinées"),
                "\n".join(f"{each.reference} — {each.title} — SHA-256 {each.sha256}" for each in facts.read),
                small=True,
            ),
        ],
    }


def _minutes(facts: MinutesFacts) -> Page:
    return {
        "title": Both("محضر اللجنة", "Procès-verbal de la commission"),
        "note": Both("هذا محضر وليس رخصة.", "Ceci est un procès-verbal, non une autorisation."),
        "rows": _dossier_rows(facts.dossier),
        "members": [
            {
                "body": _body(member.body),
                "binding": Both("رأي ملزم", "avis conforme") if member.binding else None,
                "person": Both(member.signer.name_ar, member.signer.name_latin) if member.signer else None,
                "state": words.OPINIONS[member.state],
                "reference": member.opinion_reference or "",
                "texts": _lines(member.text),
            }
            for member in facts.members
        ],
    }


def _decision(facts: DecisionFacts) -> Page:
    body = _body(facts.body)
    law = words.LAND_LAW if facts.dossier.kind in words.LAND_KINDS else words.TOWN_LAW
    grounds = [_seen(each) for each in (words.COMMUNES_LAW, law, words.BUILDING_RULES)]
    if facts.minutes_reference:
        grounds.append(
            Both(
                f"وبناء على محضر اللجنة رقم {facts.minutes_reference}؛",
                f"vu le procès-verbal de la commission n° {facts.minutes_reference} ;",
            )
        )
    return {
        "grounds": [
            Both(f"إن رئيس مجلس {body.ar}،", f"Le président du conseil {_of_the(facts.body.kind)}{_lower(body.fr)},"),
            *grounds,
        ],
        "rows": [
            *_dossier_rows(facts.dossier),
            _row(Both("الموقّع", "Signataire"), Both(facts.signer.name_ar, facts.signer.name_latin)),
        ],
    }


def _licence(facts: LicenceFacts) -> Page:
    permit = words.PERMITS.get(facts.dossier.kind, words.ANY_PERMIT)
    return {
        **_decision(facts),
        "title": permit,
        "statement": Both("الرخصة ممنوحة", "Permis accordé"),
        "ordains": Both(
            f"يمنح {permit.ar} للمشروع المبين أدناه، طبقا للتصاميم المدرجة في الملف، مع الاحتفاظ بحقوق الغير.",
            f"accorde le {_lower(permit.fr)} pour le projet ci-dessous, conformément aux plans du dossier, "
            "sous réserve des droits des tiers.",
        ),
        "texts": _texts(Both("شروط خاصة", "Conditions particulières"), facts.text),
    }


def _refusal(facts: RefusalFacts) -> Page:
    permit = words.PERMITS.get(facts.dossier.kind, words.ANY_PERMIT)
    return {
        **_decision(facts),
        "title": Both("قرار برفض الرخصة", "Décision de refus"),
        "statement": Both("الرخصة مرفوضة", "Permis refusé"),
        "strong": True,
        "ordains": Both(
            f"يرفض تسليم {permit.ar} للمشروع المبين أدناه، للأسباب التالية.",
            f"refuse le {_lower(permit.fr)} pour le projet ci-dessous, pour les motifs suivants.",
        ),
        "texts": _texts(Both("الأسباب", "Motifs"), facts.text),
    }


def _key_acceptance(facts: KeyAcceptanceFacts) -> Page:
    return {
        "title": Both("قبول مفتاح التوقيع", "Acceptation d’une clé de signature"),
        "rows": [
            _row(Both("صاحب المفتاح", "Titulaire"), Both(facts.signer.name_ar, facts.signer.name_latin)),
            _row(Both("الهيئة", "Organisme"), _body(facts.body)),
            _row(Both("الرقم التسلسلي للشهادة", "N° de série du certificat"), facts.serial),
            _row(Both("بصمة الشهادة", "Empreinte du certificat"), f"SHA-256 {_grouped(facts.certificate_sha256)}"),
        ],
        "grounds": [
            Both(
                "أقر بأنني تسلمت مفتاح التوقيع الذي تعرّفه الشهادة المبينة أدناه، وأنه تحت مراقبتي وحدي، "
                "وأن لا أحد غيري يعرف رمزه السري.",
                "Je reconnais avoir reçu la clé de signature que désigne le certificat ci-dessous ; elle est sous mon "
                "seul contrôle et personne d’autre que moi ne connaît son code PIN.",
            ),
            Both(
                "ألتزم بألا أعيرها لأحد، وبأن أصرّح فورا بضياعها أو سرقتها أو بكل شك في استعمالها من قبل غيري.",
                "Je m’engage à ne la prêter à personne et à déclarer sans délai sa perte, son vol ou tout soupçon "
                "qu’un autre s’en serve.",
            ),
            Both(
                "وأعلم أن ما يُوقَّع بهذا المفتاح يُنسب إليّ.",
                "Je sais que ce qui est signé avec cette clé l’est en mon nom.",
            ),
        ],
    }


def _delegation(facts: DelegationFacts) -> Page:
    giver = words.FUNCTIONS.get(facts.signer_function, words.NO_FUNCTION)
    taker = words.FUNCTIONS.get(facts.delegate_function, words.NO_FUNCTION)
    signature = facts.mode == "signature"
    acts = [words.ACTS[act] for act in facts.acts if act in words.ACTS]
    until = None if facts.ends_on is None else words.spelled_day(facts.ends_on)
    article = "113" if facts.mechouar else "236" if facts.body.kind == "arrondissement" else "103"
    law = Both(words.DELEGATION_LAW.ar.format(article=article), words.DELEGATION_LAW.fr.format(article=article))
    rank = Both(f" ({facts.delegate_rank})", f" ({facts.delegate_rank})") if facts.delegate_rank else Both("", "")
    rows = [
        _row(Both("رقم القرار", "Arrêté n°"), facts.number),
        _row(Both("المفوِّض", "Délégant"), Both(facts.signer.name_ar, facts.signer.name_latin)),
        _row(Both("صفته", "Qualité"), giver),
        _row(Both("المفوَّض إليه", "Délégataire"), Both(facts.delegate.name_ar, facts.delegate.name_latin)),
        _row(Both("صفته", "Qualité"), Both(taker.ar + rank.ar, taker.fr + rank.fr)),
        _row(Both("موضوع التفويض", "Objet"), Both("، ".join(a.ar for a in acts), " ; ".join(a.fr for a in acts))),
    ]
    if facts.sector:
        rows.append(_row(Both("القطاع", "Secteur"), facts.sector))
    rows.append(_row(Both("ابتداء من", "À compter du"), words.spelled_day(facts.starts_on)))
    if until is not None:
        rows.append(_row(Both("إلى غاية (دون هذا اليوم)", "Jusqu’au (ce jour non compris)"), until))
    return {
        "title": Both("قرار تفويض الإمضاء", "Arrêté de délégation de signature")
        if signature
        else Both("قرار تفويض بعض الصلاحيات", "Arrêté de délégation de pouvoirs"),
        "rows": rows,
        "grounds": [
            _seen(law),
            Both(
                "يُفوَّض إلى المذكور أعلاه ما هو مبين في موضوع التفويض، وتحت مسؤولية المفوِّض. "
                "ولا يجوز له أن يفوّضه إلى غيره.",
                "Est délégué à la personne ci-dessus ce que dit l’objet, sous la responsabilité du délégant. "
                "Le délégataire ne peut le déléguer à son tour.",
            ),
            Both(
                "ينتهي هذا التفويض بانتهاء مهام أحدهما، أو بسحبه.",
                "La délégation prend fin avec les fonctions de l’un ou de l’autre, ou par son retrait.",
            ),
        ],
    }


_KINDS: Mapping[type[DocumentFacts], Callable[[Any], Page]] = {
    ApplicationFacts: _application,
    OpinionFacts: _opinion,
    MinutesFacts: _minutes,
    LicenceFacts: _licence,
    RefusalFacts: _refusal,
    KeyAcceptanceFacts: _key_acceptance,
    DelegationFacts: _delegation,
}


def _seen(law: Both) -> Both:
    return Both(f"بناء على {law.ar}؛", f"vu {law.fr} ;")


def _dossier_rows(dossier: DossierFacts) -> list[Page]:
    permit = words.PERMITS.get(dossier.kind, words.ANY_PERMIT)
    return [
        _row(Both("المشروع", "Projet"), dossier.title),
        _row(Both("نوع الرخصة", "Autorisation"), permit),
        _row(Both("صاحب الطلب", "Demandeur"), dossier.applicant),
        _row(Both("العقار", "Terrain"), dossier.parcel),
        _row(Both("الملف", "Dossier"), f"{dossier.reference} ({dossier.platform_reference})"),
    ]


def _row(label: Both, value: Both | str) -> Page:
    if isinstance(value, Both):
        return {"label": label, "both": value, "one": None}
    return {"label": label, "both": None, "one": _directed(value)}


def _texts(heading: Both, text: str, *, small: bool = False) -> list[Page]:
    return [{"heading": heading, "lines": _lines(text), "small": small}] if text.strip() else []


def _lines(text: str) -> list[Page]:
    return [_directed(line) for line in text.split("\n") if line.strip()]


def _directed(text: str) -> Page:
    """A text somebody wrote, with the direction of its first letter (UAX 9, P2 and P3)."""
    for each in text:
        kind = unicodedata.bidirectional(each)
        if kind in ("R", "AL"):
            return {"text": text, "rtl": True}
        if kind == "L":
            break
    return {"text": text, "rtl": False}


def _body(body: BodyFacts) -> Both:
    return words.body_name(body.kind, body.name_ar, body.name_fr)


def _grouped(digest: str) -> str:
    """A digest that a person can compare, and that a line can break."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _of_the(kind: str) -> str:
    return "de l’" if kind == "arrondissement" else "de la "


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _qr(address: str) -> str:
    """The QR code as SVG: upper-case alphanumeric, a quarter of it may be damaged (ISO/IEC 18004, level Q)."""
    out = io.BytesIO()
    segno.make(address, error="q", micro=False, boost_error=False).save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue().decode()
