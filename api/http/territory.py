"""Which bodies a question may be about."""

from __future__ import annotations

from api.auth.errors import NotPermitted
from api.auth.officers import Officer
from api.auth.territory import require_body
from pki.records import Records


def require_bodies(records: Records, officer: Officer, body: str | None) -> None:
    """Hold a question to the officer's territory.

    :param body: None: about every body, which is for officers without a territory.
    :raise NotPermitted: another's body, or all of them.
    """
    if officer.province_code is not None:
        if body is None:
            raise NotPermitted("a central officer, or one body of the province")
        require_body(records, officer, body)
