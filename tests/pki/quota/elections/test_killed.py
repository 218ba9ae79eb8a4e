"""A seating killed outright, and started again: each council is before or after, none is between, none is twice."""

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from pki.quota.elections.kinds import CouncilState
from pki.quota.elections.tables import Council, SeatedOfficial
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.records import Records
from pki.registration.tables import Office, OfficeEnd
from tests.pki.estate import BERRECHID_PROVINCE
from tests.pki.quota.elections.estate import Wave, listed, new_council

KILLS = 4
PROGRAM = """
import sys
from datetime import datetime, timedelta
from uuid import UUID
from pki.quota.elections.seating import seat_ready
from pki.records import Records
from tests.pki.estate import OFFICER, T0
from tests.pki.quota.estate import settled
records = Records.open(sys.argv[1])
print("begun", flush=True)
for _ in seat_ready(records, settled, plan=UUID(sys.argv[2]), by=OFFICER, at=T0 + timedelta(hours=1)):
    pass
"""


def begun(url: str, wave: Wave) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, url, str(wave.plan)]
    root = Path(__file__).resolve().parents[4]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def whole(records: Records) -> int:
    """How many councils are seated; each of them wholly, of the others nothing."""
    with records.reading() as session:
        seated = session.scalars(select(Council.body_id).where(Council.state == CouncilState.SEATED)).all()
        standing = select(Office.body_id, func.count()).outerjoin(OfficeEnd, OfficeEnd.office_id == Office.id)
        new = dict(session.execute(standing.where(OfficeEnd.id.is_(None)).group_by(Office.body_id)).all())
        replaced = select(KeyOrder.body_id, func.count()).where(KeyOrder.state == OrderState.REPLACED)
        handed = dict(session.execute(replaced.group_by(KeyOrder.body_id)).all())
        places = session.scalar(select(func.count()).select_from(SeatedOfficial))
    assert new == dict.fromkeys(seated, 2)
    assert handed == dict.fromkeys(seated, 1)
    assert places == 2 * len(seated)
    return len(seated)


@pytest.mark.timeout(300)
def test_killed_at_random_instants(sqlite_wave: Wave) -> None:
    wave = sqlite_wave
    communes = wave.communes(BERRECHID_PROVINCE)[:12]
    rows = []
    for commune in communes:
        wave.key(*wave.official(commune, None), commune)
        rows += new_council(commune, 2)
    wave.load(listed(*rows))
    for commune in communes:
        wave.freeze(commune)
    url, chance = str(wave.records.reading_engine.url), Random(7)
    for _ in range(KILLS):
        with begun(url, wave) as process:
            time.sleep(chance.uniform(0.0, 0.4))
            process.kill()
        whole(wave.records)
        wave.books_balance()
    with begun(url, wave) as process:
        assert process.wait(timeout=120) == 0
    assert whole(wave.records) == len(communes)
    wave.books_balance()
