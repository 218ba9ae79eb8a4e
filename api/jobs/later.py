"""Deferred work, enqueued in the act's own transaction (DBOS on the installation's database)."""

from __future__ import annotations

import json
from typing import Any

from dbos import DBOS, DBOSClient
from dbos._serialization import Serializer
from sqlalchemy.orm import Session

from pki.records import Records

from .names import APPLICATION, QUEUE


class JsonSerializer(Serializer):
    """JSON instead of pickled objects: nothing read from the records is ever executed."""

    def serialize(self, data: Any) -> str:
        """JSON text; what JSON cannot carry (an exception that a work ended with) becomes its words."""
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        """The value of a JSON text."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """As the records name this form."""
        return "khatam_json"


def dbos_database_url(url: str) -> str:
    """The installation's database as DBOS wants it named."""
    return url.replace("sqlite+pysqlite:", "sqlite:", 1)


def make_queue_tables(url: str) -> None:
    """Create or migrate DBOS's own tables; safe to run again."""
    DBOS.migrate(dbos_database_url(url))


class Later:
    """Enqueues work by name, with ids as its only arguments."""

    def __init__(self, records: Records) -> None:
        self._client = DBOSClient(
            system_database_engine=records.writing_engine,
            serializer=JsonSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )

    def enqueue(self, session: Session, name: str, *ids: str) -> None:
        """Enqueue work in the caller's transaction: committed with it, or not at all."""
        self._client.enqueue_in_transaction(session, {"queue_name": QUEUE, "workflow_name": name}, *ids)
