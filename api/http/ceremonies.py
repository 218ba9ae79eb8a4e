"""Ceremonies: opened by the platform, followed by status or server-sent events."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/v1/ceremonies", tags=["ceremonies"])
POLL_SECONDS = 0.25
KEEPALIVE_SECONDS = 15.0
STREAM_SECONDS = 15 * 60.0
