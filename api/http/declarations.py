"""What the register declares of itself, where two officers decide it: days that are past, and withdrawals."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere
from api.auth.territory import require_body
from pki.registration.powers.declarations import (
    DeclarationRecording,
    DeclarationWithdrawal,
    RecordedDeclaration,
    declarations_of,
)
from pki.registration.powers.kinds import Declared

from .once import OnceOnly
from .proposals import ProposalOut, proposed
from .schema import Code, In, Line, Out, Zulu

router = APIRouter(prefix="/v1", tags=["registration"])


class DeclarationProposalIn(In):
    """From this civil day on, nothing of what is declared is missing from the register of the body."""

    declared: Declared
    body: Code
    complete_from: date


class WithdrawalProposalIn(In):
    """A declaration that was a mistake."""

    declared: Declared
    declaration: UUID
    reason: Line


class RecordedDeclarationOut(Out):
    """A declaration that stands."""

    id: UUID
    declared: Declared
    complete_from: date
    recorded_at: Zulu

    @classmethod
    def of(cls, found: RecordedDeclaration) -> RecordedDeclarationOut:
        """The declaration as it is answered."""
        return cls.model_validate(found, from_attributes=True)


class DeclarationsOut(Out):
    """The declarations of a body that stand."""

    items: tuple[RecordedDeclarationOut, ...]


@router.get("/bodies/{code}/declarations", operation_id="listDeclarations")
def get_declarations(code: Annotated[Code, Path()], officer: CommuneOrAbove, house: HouseHere) -> DeclarationsOut:
    """What is declared of a body's register: since when no office, or no delegation and finding, is missing."""
    require_body(house.records, officer, code)
    with house.records.reading() as session:
        found = declarations_of(session, body_code=code)
    return DeclarationsOut(items=tuple(RecordedDeclarationOut.of(each) for each in found))


@router.post(
    "/register-proposals/declarations", status_code=201, operation_id="proposeDeclaration", response_model=ProposalOut
)
def post_declaration(
    body: DeclarationProposalIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly
) -> Response:
    """Propose to declare a body's register complete from a day that is past."""
    act = DeclarationRecording(declared=body.declared, body_code=body.body, complete_from=body.complete_from)
    return once.atomically(proposed(house, officer, act))


@router.post(
    "/register-proposals/declaration-withdrawals",
    status_code=201,
    operation_id="proposeDeclarationWithdrawal",
    response_model=ProposalOut,
)
def post_withdrawal(body: WithdrawalProposalIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Propose to take back a declaration that was a mistake."""
    act = DeclarationWithdrawal(declared=body.declared, declaration=body.declaration, reason=body.reason)
    return once.atomically(proposed(house, officer, act))
