"""The application of officers, platforms, agents and readers (API and pages)."""

from __future__ import annotations

import logging
from dataclasses import replace

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.auth.errors import AuthError, ClientRefused, GrantRefused
from api.problems import PROBLEM_JSON, BorderError, Problem, problem_of, refused, unreadable
from api.settings import SettingsRefused
from api.storage.folder import FileMissing
from api.wiring import House
from hsm.errors import HsmError
from pki.errors import PkiError
from pki.quota.elections.officials import MOST_BYTES
from pki.registration.powers.scans import MAGIC
from pki.registration.powers.scans import MOST_BYTES as MOST_SCAN_BYTES
from signer.errors import SignerError

from .border import CSV, FORM, JSON, MULTIPART, PDF, Border, Gate, freight

OURS = (HsmError, PkiError, SignerError, AuthError, BorderError, FileMissing, SettingsRefused)
log = logging.getLogger("khatam.http")


def doors() -> tuple[APIRouter, ...]:
    """The doors of every room, in the order in which they are asked; the pages apart, which need the house."""
    from . import (
        agent,
        agreement_proposals,
        agreements,
        alerts,
        censuses,
        ceremonies,
        dashboard,
        declarations,
        deed_scans,
        delegations,
        device_handovers,
        devices,
        documents,
        dossiers,
        elections,
        enrolment,
        extras,
        field_keys,
        health,
        held_keys,
        holders,
        issuers,
        mailboxes,
        officers,
        orders,
        proposals,
        quota,
        registration,
        reports,
        rollout,
        stopping,
        successions,
        territory,
        tier_tables,
        tokens,
        transfers,
        unlocking,
        verification,
        waves,
    )

    rooms = (
        health,
        tokens,
        officers,
        agreement_proposals,
        agreements,
        waves,
        extras,
        transfers,
        censuses,
        field_keys,
        quota,
        dashboard,
        alerts,
        registration,
        holders,
        territory,
        tier_tables,
        rollout,
        reports,
        deed_scans,
        proposals,
        declarations,
        delegations,
        mailboxes,
        orders,
        stopping,
        successions,
        held_keys,
        unlocking,
        elections,
        devices,
        device_handovers,
        issuers,
        dossiers,
        documents,
        ceremonies,
        agent,
        enrolment,
        verification,
    )
    return tuple(room.router for room in rooms)


def build_app(house: House) -> FastAPI:
    """Build the application over a wired service."""
    from .readers import readers_router

    settings = house.settings
    verifying = Gate(settings.max_verifications_at_once)
    app = FastAPI(
        title="Khatam",
        version="1",
        description="Signatures and certificates of the permit platform. Every refusal is an RFC 9457 problem.",
        docs_url=None,  # the stock page fetches its scripts from elsewhere
        redoc_url=None,
    )
    app.state.house = house
    for router in doors():
        app.include_router(router)
    app.include_router(readers_router(house))
    add_problems(app)
    app.add_middleware(
        Border,
        max_json_bytes=settings.max_json_bytes,
        special=(
            freight("/v1/dossiers/[^/]+/files", PDF, max_bytes=settings.max_dossier_pdf_bytes),
            freight("/v1/dossiers/[^/]+/decision", PDF, JSON, max_bytes=settings.max_dossier_pdf_bytes),
            freight("/v1/verifications", PDF, max_bytes=settings.max_verification_bytes, gate=verifying),
            freight("/verify", MULTIPART, max_bytes=settings.max_verification_bytes + 64 * 1024, gate=verifying),
            freight("/v1/bodies/[^/]+/deed-scans", *MAGIC.values(), max_bytes=MOST_SCAN_BYTES, gate=Gate(4)),
            freight("/v1/elections/[^/]+/officials", CSV, max_bytes=MOST_BYTES),
            freight("/v1/issuers/[^/]+/crl", "application/pkix-crl", max_bytes=10 * 1024 * 1024),
            freight("/oauth/token", FORM, max_bytes=64 * 1024),
        ),
    )
    return app


def add_problems(app: FastAPI) -> None:
    """Turn every refusal into its problem."""
    for kind in OURS:
        app.add_exception_handler(kind, _domain)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    return Response(problem.body(), problem.status, headers=dict(problem.headers), media_type=PROBLEM_JSON)


def _domain(request: Request, error: Exception) -> Response:
    problem = problem_of(error, instance=request.url.path)
    if isinstance(error, GrantRefused | ClientRefused):
        # RFC 6749, 5.2, beside RFC 9457.
        name = error.error if isinstance(error, GrantRefused) else "invalid_client"
        problem = replace(problem, fields={**problem.fields, "error": name, "error_description": problem.detail})
    return answer(problem)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {
        400: "The body of the request cannot be read. Nothing was done: send what this address takes.",
        404: "There is nothing at this address.",
        405: f"This address does not take {request.method}.",
    }.get(error.status_code, str(error.detail))
    problem = refused(error.status_code, said, instance=request.url.path)
    response = answer(problem)
    response.headers.update(error.headers or {})
    return response


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer(unreadable(error.errors(), instance=request.url.path))
