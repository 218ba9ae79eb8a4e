"""PDF work in workers: results and refusals come back as they were; what hangs or dies is a refusal."""

import os
import time
from collections.abc import Iterator

import pytest

from api.problems import PdfTooComplex
from api.workshop import Workshop
from signer.pades.errors import IntakeReason, IntakeRefused, SignatureTooLarge


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop(count=1, wall_seconds=3) as workshop:
        yield workshop


def refuse(reason: str) -> None:
    if reason == "large":
        raise SignatureTooLarge(needed=2, reserved=1)
    raise IntakeRefused(IntakeReason(reason), "detail")


def test_a_result_comes_back(workshop: Workshop) -> None:
    assert workshop.run(sorted, b"cab", reverse=True) == sorted(b"cab", reverse=True)


def test_a_refusal_comes_back_with_its_fields(workshop: Workshop) -> None:
    with pytest.raises(IntakeRefused, match="encrypted") as refused:
        workshop.run(refuse, "encrypted")
    assert refused.value.reason is IntakeReason.ENCRYPTED
    with pytest.raises(SignatureTooLarge) as large:
        workshop.run(refuse, "large")
    assert large.value.needed == 2


def test_a_worker_that_dies_is_a_refusal_and_is_replaced(workshop: Workshop) -> None:
    with pytest.raises(PdfTooComplex):
        workshop.run(os._exit, 9)
    assert workshop.run(len, b"abc") == 3


def test_a_worker_that_hangs_is_ended(workshop: Workshop) -> None:
    with pytest.raises(PdfTooComplex):
        workshop.run(time.sleep, 60)


def test_a_worker_starts_no_process(workshop: Workshop) -> None:
    with pytest.raises(RuntimeError):
        workshop.run(os.system, "true")
    assert workshop.run(environment) == {}


def environment() -> dict[str, str]:
    return dict(os.environ)
