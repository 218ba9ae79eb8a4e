"""What was found of an office goes on with the record that takes the place of its own. A step of the correction."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import OfficeId
from pki.registration.powers.tables import Finding


def carry_findings(session: Session, *, former: OfficeId, office: OfficeId, by: Actor, at: datetime) -> None:
    """The findings about an office, or that name it in another's place, are about its corrected record from now on.

    Each is recorded anew in the name of the two officers who decided it; what it was reads on as it did before.
    Delegations are not carried: a deed is from one record to another, and two officers record it again.
    """
    # THREAT: the record of a president who was found absent is corrected, and by that he signs again.
    # DEFENCE: the correction takes the finding along, in its own transaction.
    # TEST: tests/pki/registration/test_findings.py::test_a_correction_lifts_no_absence
    about = or_(Finding.office_id == former, Finding.replacement_id == former)
    for each in session.scalars(select(Finding).where(about, Finding.superseded_at.is_(None))).all():
        row = {column.key: getattr(each, column.key) for column in Finding.__table__.columns}
        row |= {"id": uuid4(), "recorded_at": at}
        row |= {name: office for name in ("office_id", "replacement_id") if row[name] == former}
        session.execute(
            update(Finding)
            .where(Finding.id == each.id)
            .values(superseded_at=at)
            .execution_options(synchronize_session=False)
        )
        session.execute(insert(Finding).values(**row))
        facts = {"supersedes": each.id, "office": row["office_id"], "replacement": row["replacement_id"]}
        record(session, kind="finding.carried", subject=f"finding:{row['id']}", by=by, at=at, facts=facts)
