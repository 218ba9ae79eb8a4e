"""What the register declares of its delegations and findings."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import insert

from pki.journal.acts import Actor, record
from pki.records import Records
from pki.registration.bodies import body_id
from pki.registration.powers.tables import PowersDeclaration


def declare_powers_complete(records: Records, *, body_code: str, complete_from: date, by: Actor, at: datetime) -> None:
    """Declare that from this civil day on no delegation and no finding of the body is missing from the register.

    From then on their absence is an answer, no, where the register of offices is declared complete as well.

    :raise BodyUnknown: no such body.
    """
    with records.writing() as session:
        body = body_id(session, body_code)
        session.execute(
            insert(PowersDeclaration).values(
                id=uuid4(), body_id=body, complete_from=complete_from, recorded_at=at, recorded_by=str(by)
            )
        )
        facts = {"complete_from": complete_from}
        record(session, kind="powers.declared-complete", subject=f"body:{body_code}", by=by, at=at, facts=facts)
