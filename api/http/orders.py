"""Keys: orders, enrolment tickets, approval, acceptance, block, revocation, keys already held."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

router = APIRouter(prefix="/v1", tags=["keys"])
Pem = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
