from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

import pytest

from signer.pades.fields import add_fields_at_foot
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render, render_stamp
from tests.signer.pades.estate import T0, Estate


@dataclass(frozen=True)
class Said:
    environment: str = "rehearsal"
    reference: str = "L26-0000123"
    name_ar: str = "أحمد العلوي"
    name_latin: str = "Ahmed El Alaoui"
    function: str = "president"
    body_kind: str = "commune"
    body_ar: str = "برشيد"
    body_fr: str = "Berrechid"
    power_kind: str | None = None
    power_number: str | None = None
    at: datetime = T0


@pytest.fixture(scope="session")
def estate() -> Estate:
    return Estate()


@pytest.fixture(scope="session")
def unsigned() -> bytes:
    """A licence as it is laid out, without fields."""
    facts = LicenceFacts.sample(reference="L26-0000123")
    facts = dataclasses.replace(facts, check="7Q4K", address="HTTPS://V.MA/V/L26-0000123-7Q4K")
    return render(facts).content


@pytest.fixture(scope="session")
def licence(unsigned: bytes) -> bytes:
    """The licence with fields for three signers."""
    return add_fields_at_foot(unsigned, ["President", "Member-1", "Member-2"])


@pytest.fixture(scope="session")
def mark() -> bytes:
    return render_stamp(Said())
