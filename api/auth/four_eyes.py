"""The second officer: another one, of the first one's level or above.

An act of the domain keeps who asked, and, by `pki.quota.policy`, whether so many seats need somebody above both
sides; the door of the approval holds the approver to his territory, as every door does, and calls
`require_second` before the act, which itself refuses one who approves his own request.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from pki.journal.acts import ActorKind
from pki.records import Records

from .errors import SecondOfficerRefused
from .officers import Officer
from .tables import OfficerRow


def require_second(records: Records, second: Officer, *, first: str) -> None:
    """Hold an approver to four eyes.

    :param first: who asked, as the act's row keeps him: `officer:<uuid>`.
    :raise SecondOfficerRefused: the same officer, a lower level than the first one's, or the first is no officer.
    """
    # THREAT: what one officer wants is waved through by himself, or by somebody who depends on him.
    # DEFENCE: another officer on record, whose level is not below the level of the one who asked.
    # TEST: tests/api/auth/test_four_eyes.py
    kind, _, number = first.partition(":")
    try:
        asked = UUID(number)
    except ValueError:
        asked = None
    if kind != ActorKind.OFFICER.value or asked is None:
        raise SecondOfficerRefused("the first is not an officer")
    if asked == second.id:
        raise SecondOfficerRefused("both are the same")
    with records.reading() as session:
        role = session.scalar(select(OfficerRow.role).where(OfficerRow.id == asked))
    if role is None:
        raise SecondOfficerRefused("the first is not on record")
    if not second.reaches(role):
        raise SecondOfficerRefused(f"a {second.role.value} officer does not stand beside a {role.value} one")
