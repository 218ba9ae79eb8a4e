"""Scans of deeds: what is kept, for whom, and that an act names one."""

import hashlib
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from pki.journal.tables import Leaf
from pki.records import HolderId, Records
from pki.registration.errors import BodyUnknown, ScanRefused, ScanUnknown
from pki.registration.powers.delegations import DelegationRecording, PaperDeed
from pki.registration.powers.proposals import propose
from pki.registration.powers.scans import MOST_BYTES, KeptScan, keep_scan, read_scan
from tests.pki.estate import BERRECHID, OFFICER, SECOND, T0
from tests.pki.registration.council import SCAN, Council

DEROUA = "06.117.01.05"
PDF = b"%PDF-1.7 deed"


class Drawer:
    """Files in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.kept[sha256]


def untouched(
    session: object, *, body_code: str, holder: HolderId | None, since: datetime, until: datetime
) -> tuple[str, ...]:
    del session, body_code, holder, since, until
    return ()


def kept(records: Records, drawer: Drawer, content: bytes = PDF, body: str = BERRECHID) -> KeptScan:
    return keep_scan(records, drawer, body_code=body, content=content, by=OFFICER, at=T0)


def leaves(records: Records) -> int:
    with records.reading() as session:
        return session.scalar(select(func.count()).select_from(Leaf)) or 0


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\nx", "image/png"), (b"\xff\xd8\xff\xe0x", "image/jpeg")],
)
def test_kept_under_its_own_digest(sqlite_records: Records, content: bytes, media_type: str) -> None:
    found = kept(sqlite_records, Drawer(), content)
    assert found == KeptScan(sha256=hashlib.sha256(content).hexdigest(), media_type=media_type, size_bytes=len(content))


def test_the_same_again_is_one_and_each_look_is_journalled(records: Records) -> None:
    drawer = Drawer()
    first = kept(records, drawer)
    before = leaves(records)
    assert kept(records, drawer) == first
    assert leaves(records) == before
    who = {"by": SECOND, "at": T0}
    assert read_scan(records, drawer, body_code=BERRECHID, sha256=first.sha256, **who) == (first, PDF)  # type: ignore[arg-type]
    assert leaves(records) == before + 1
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text("UPDATE deed_scan SET size_bytes = 1"))


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b" %PDF-1.7", b"MZ\x90", b"GIF89a", b"%PDF", b"%PDF-" + b"0" * MOST_BYTES],
    ids=["empty", "a page", "not at its start", "a program", "GIF", "half a mark", "huge"],
)
def test_what_is_no_scan(sqlite_records: Records, content: bytes) -> None:
    drawer = Drawer()
    with pytest.raises(ScanRefused):
        kept(sqlite_records, drawer, content)
    assert drawer.kept == {}


def test_of_another_body_it_is_unknown(sqlite_records: Records) -> None:
    drawer = Drawer()
    with pytest.raises(BodyUnknown):
        kept(sqlite_records, drawer, body="99.999")
    sha256 = kept(sqlite_records, drawer).sha256
    with pytest.raises(ScanUnknown):
        read_scan(sqlite_records, drawer, body_code=DEROUA, sha256=sha256, by=OFFICER, at=T0)


def test_an_act_names_a_scan_of_its_body(sqlite_records: Records) -> None:
    council, drawer = Council(sqlite_records, seats=("president", "first")), Drawer()
    elsewhere = kept(sqlite_records, drawer, body=DEROUA).sha256
    act = DelegationRecording(deed=council.deed(), paper=PaperDeed(scan_sha256=SCAN))
    for unknown in ("0" * 64, elsewhere):
        wrong = replace(act, paper=PaperDeed(scan_sha256=unknown))
        with pytest.raises(ScanUnknown):
            propose(sqlite_records, act=wrong, touched=untouched, by=OFFICER, at=T0)
    propose(sqlite_records, act=act, touched=untouched, by=OFFICER, at=T0)
