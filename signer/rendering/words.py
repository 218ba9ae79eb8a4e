"""Official wording, Arabic and French side by side: what templates print, apart from facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date

from pki.records import CIVIL_ZONE


@dataclass(frozen=True, slots=True)
class Both:
    """One thing said in both languages."""

    ar: str
    fr: str


REHEARSAL = Both("تجريبي – دون قيمة قانونية", "Essai – sans valeur juridique")
KINGDOM = Both("المملكة المغربية", "Royaume du Maroc")
MINISTRY = Both("وزارة الداخلية", "Ministère de l’Intérieur")

PERMITS: Mapping[str, Both] = {
    "construire": Both("رخصة البناء", "Permis de construire"),
    "lotir": Both("رخصة إحداث تجزئة", "Permis de lotir"),
    "groupe_habitations": Both("رخصة إحداث مجموعة سكنية", "Permis de créer un groupe d’habitations"),
    "morceler": Both("رخصة التقسيم", "Permis de morceler"),
    "refection": Both("رخصة الإصلاح", "Permis de réfection"),
    "demolition": Both("رخصة الهدم", "Permis de démolir"),
    "regularisation": Both("رخصة التسوية", "Permis de régularisation"),
}
ANY_PERMIT = Both("رخصة في مجال التعمير", "Autorisation d’urbanisme")

TRACKS: Mapping[str, Both] = {
    "big": Both("مشروع كبير", "Grand projet"),
    "small": Both("مشروع صغير", "Petit projet"),
    "refection": Both("إصلاح", "Réfection"),
}

LAND_LAW = Both(
    "القانون رقم 25.90 المتعلق بالتجزئات العقارية والمجموعات السكنية وتقسيم العقارات",
    "la loi n° 25-90 relative aux lotissements, groupes d’habitations et morcellements",
)
TOWN_LAW = Both("القانون رقم 12.90 المتعلق بالتعمير", "la loi n° 12-90 relative à l’urbanisme")
LAND_KINDS = frozenset({"lotir", "groupe_habitations", "morceler"})

COMMUNES_LAW = Both(
    "القانون التنظيمي رقم 113.14 المتعلق بالجماعات، ولا سيما المادة 101 منه",
    "la loi organique n° 113-14 relative aux communes, notamment son article 101",
)
BUILDING_RULES = Both(
    "المرسوم رقم 2.18.577 بالموافقة على ضابط البناء العام",
    "le décret n° 2-18-577 approuvant le règlement général de construction",
)

OPINIONS: Mapping[str, Both] = {
    "favourable": Both("موافق", "Avis favorable"),
    "with_reservations": Both("موافق بتحفظ", "Avis favorable avec réserves"),
    "unfavourable": Both("غير موافق", "Avis défavorable"),
    "none": Both("لم يُبدِ رأيه", "Pas d’avis"),
}

FUNCTIONS: Mapping[str, Both] = {
    "president": Both("رئيس المجلس", "Président du conseil"),
    "vice_president": Both("نائب الرئيس", "Vice-président"),
    "committee_member": Both("عضو اللجنة", "Membre de la commission"),
    "secretary": Both("كاتب اللجنة", "Secrétaire de la commission"),
    "pacha": Both("الباشا", "Pacha"),
    "pacha_assistant": Both("مساعد الباشا", "Adjoint du pacha"),
    "governor": Both("العامل", "Gouverneur"),
    "special_committee": Both("اللجنة الخاصة", "Délégation spéciale"),
    "director_of_services": Both("المدير العام للمصالح", "Directeur général des services"),
    "councillor": Both("عضو المجلس", "Membre du conseil"),
}
POWERS: Mapping[str, Both] = {
    "delegation": Both("بتفويض رقم {number}", "par délégation n° {number}"),
    "absence": Both("نيابة، معاينة غياب رقم {number}", "par suppléance, constat n° {number}"),
    "substitution": Both("حلولا، قرار رقم {number}", "par substitution, acte n° {number}"),
    "special_committee": Both("تصريف الأمور الجارية، قرار رقم {number}", "affaires courantes, acte n° {number}"),
}
"""By what recorded act somebody signs in another's place."""
ACTS: Mapping[str, Both] = {
    "licence": Both("منح رخص التعمير", "délivrance des autorisations d’urbanisme"),
    "refusal": Both("رفض طلبات رخص التعمير", "refus des demandes d’autorisation d’urbanisme"),
}
DELEGATION_LAW = Both(
    "القانون التنظيمي رقم 113.14 المتعلق بالجماعات، ولا سيما المادة {article} منه",
    "la loi organique n° 113-14 relative aux communes, notamment son article {article}",
)
NO_FUNCTION = Both("الموقّع", "Signataire")

_VOWELS = "aeiouyàâéèêëîïôöûüAEIOUYÀÂÉÈÊËÎÏÔÖÛÜhH"


def by_power(kind: str | None, number: str | None) -> Both | None:
    """How a mark names the act by which somebody signs in another's place; None: by his own office."""
    if kind is None or kind not in POWERS or number is None:
        return None
    said = POWERS[kind]
    return Both(said.ar.format(number=number), said.fr.format(number=number))


def of(name: str) -> str:
    """French "de" before a place's name: "de Berrechid", "d’El Jadida"."""
    return f"d’{name}" if name[:1] in _VOWELS else f"de {name}"


def body_name(kind: str, name_ar: str, name_fr: str) -> Both:
    """How a body signs itself; bodies that are not communes or provinces carry their whole name already."""
    if kind in ("commune", ""):
        return Both(f"جماعة {name_ar}", f"Commune {of(name_fr)}")
    if kind == "arrondissement":
        return Both(f"مقاطعة {name_ar}", f"Arrondissement {of(name_fr)}")
    if kind == "province":
        return Both(f"عمالة أو إقليم {name_ar}", f"Préfecture ou province {of(name_fr)}")
    return Both(name_ar, name_fr)


def spelled_day(day: date) -> Both:
    """A civil day, spelled out; digits are the Latin ones in both languages."""
    return Both(format_date(day, "d MMMM y", locale="ar_MA"), format_date(day, "d MMMM y", locale="fr_MA"))


def spelled_time(at: datetime) -> str:
    """An instant as a clock on the wall in Morocco shows it, with its distance from UTC."""
    local = at.astimezone(CIVIL_ZONE)
    offset = local.utcoffset() or timedelta()
    return f"{local:%Y-%m-%d %H:%M} (UTC{offset.total_seconds() / 3600:+.0f})"
