"""The doors that an officer may open, as the installed program describes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.params import Form
from fastapi.routing import APIRoute

from api.auth.permissions import BY_OFFICERS
from api.auth.tables import OfficerRole
from api.http.app import doors
from api.http.border import JSON
from api.http.once import takes_key

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a door takes under a name."""

    name: str
    place: str
    """path, query or body."""
    schema: Schema
    required: bool


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One door."""

    name: str
    method: str
    path: str
    least: OfficerRole | None
    """The level from which on officers are let in; None: it asks nobody."""
    takes_key: bool
    """Whether an Idempotency-Key keeps a repetition from acting twice."""
    route: APIRoute

    @property
    def said(self) -> str:
        """What it does, in full."""
        return self.route.description.strip()

    @property
    def summary(self) -> str:
        """The same in one line."""
        return self.said.splitlines()[0] if self.said else ""

    @cached_property
    def _document(self) -> Schema:
        return get_openapi(title="Khatam", version="1", routes=[self.route])

    @cached_property
    def _described(self) -> Schema:
        described: Schema = self._document["paths"][self.path][self.method.lower()]
        return described

    @cached_property
    def media_types(self) -> tuple[str, ...]:
        """Of the body that it takes; none: it takes none."""
        return tuple(self._described.get("requestBody", {}).get("content", {}))

    @property
    def takes_file(self) -> bool:
        """Whether its body is a file as it is."""
        return bool(self.media_types) and JSON not in self.media_types

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What it takes by name, the path's first."""
        taken = [
            Field(
                name=each["name"],
                place=each["in"],
                schema=each["schema"],
                required=each.get("required", False),
            )
            for each in self._described.get("parameters", [])
        ]
        return (*taken, *self._members())

    def _members(self) -> Iterator[Field]:
        content = self._described.get("requestBody", {}).get("content", {})
        for body in self.alternatives(content.get(JSON, {}).get("schema", {})):
            needed = body.get("required", [])
            for name, schema in body.get("properties", {}).items():
                yield Field(name=name, place="body", schema=schema, required=name in needed)

    def alternatives(self, schema: Schema) -> list[Schema]:
        """What a schema allows, without references; `null` among them."""
        if "$ref" in schema:
            kept = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return self.alternatives(kept)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return [found for each in schema[several] for found in self.alternatives(each)]
        return [schema] if schema else []


def operations() -> dict[str, Operation]:
    """Every door that an officer may open, by its name."""
    found = (_operation(route) for router in doors() for route in router.routes if isinstance(route, APIRoute))
    return {each.name: each for each in found if each is not None}


def _operation(route: APIRoute) -> Operation | None:
    asked = [each.call for each in route.dependant.dependencies]
    permission = next((each for each in asked if each in BY_OFFICERS), None)
    form = route.body_field is not None and isinstance(route.body_field.field_info, Form)
    if permission is None or form:  # a form holds the credentials of a machine: not for a command line
        return None
    return Operation(
        name=route.operation_id or route.unique_id,
        method=min(route.methods or {"GET"}),
        path=route.path,
        least=BY_OFFICERS[permission],
        takes_key=takes_key(asked),
        route=route,
    )
