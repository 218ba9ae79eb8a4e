"""What the service trusts, as its records have it now: anchors, its issuers, the latest lists. Nothing is fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from pki.ca.issuers import issuers
from pki.status.lists import latest_list
from pki.trust.anchors import trust_list

from .trust import Anchor, TrustConfiguration
from .verifier import TrustSource


def trust_of(environment: str) -> TrustSource:
    """The trust source of an installation, `rehearsal` or `production`."""

    def gathered(session: Session, at: datetime) -> TrustConfiguration:
        del at  # the latest of everything; each anchor and list carries its own dates
        anchors = tuple(
            Anchor(der=each.der, not_before=each.not_before, not_after=each.not_after, policy_oids=each.policy_oids)
            for each in trust_list(session, environment=environment)
        )
        known = issuers(session)
        lists = (latest_list(session, each.id) for each in known)
        return TrustConfiguration(
            anchors=anchors,
            certificates=tuple(each.der for each in known if each.parent is not None),
            crls=tuple(each.der for each in lists if each is not None),
        )

    return gathered
