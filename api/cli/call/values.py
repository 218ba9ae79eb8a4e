"""What was typed, as a request: each value by the schema of its field, the whole checked by the door's own models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.http.border import JSON
from pki.registration.powers.scans import MAGIC

from .operations import Field, Operation, Schema

if TYPE_CHECKING:
    from fastapi._compat import ModelField

FILE = "file"
"""The name under which a door's own file is given: file=@scan.pdf."""


class Misuse(Exception):
    """What was typed is no request of that door. Nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, checked."""

    path: str
    query: tuple[tuple[str, str], ...]
    content: bytes
    media_type: str | None
    """None: there is no body."""


def asked(operation: Operation, pairs: Sequence[str], body: bytes | None) -> Asked:
    """Return the request that `name=value` pairs, and a body given whole, make.

    :param body: a JSON object, whose members pairs may add to or replace; of a door that takes a file, the file.
    :raise Misuse: an unknown or missing name, or a value that the door would refuse by its schema.
    """
    given: dict[str, Schema] = {"path": {}, "query": {}, "body": {}}
    file = body if operation.takes_file else None
    if body is not None and not operation.takes_file:
        given["body"] = _object(operation, body)
    typed: set[str] = set()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Misuse(f"{pair} is not name=value.")
        if operation.takes_file and name == FILE:
            if file is not None or not text.startswith("@"):
                raise Misuse("One file is sent as it is: file=@NAME, or --body NAME.")
            file = _read(text[1:])
            continue
        first, *deeper = name.split(".")
        field = _field(operation, first)
        _place(operation, given[field.place], field.schema, [first, *deeper], text, again=name in typed)
        typed.add(name)
    return _checked(operation, given, file)


def _object(operation: Operation, body: bytes) -> Schema:
    if JSON not in operation.media_types:
        raise Misuse(f"{operation.name} takes no body.")
    try:
        read = json.loads(body)
    except ValueError as error:
        raise Misuse(f"The body is not JSON: {error}.") from error
    if not isinstance(read, dict):
        raise Misuse("The body is not a JSON object.")
    return read


def _field(operation: Operation, name: str) -> Field:
    found = next((each for each in operation.fields if each.name == name), None)
    if found is None:
        known = [*(each.name for each in operation.fields), *([FILE] if operation.takes_file else [])]
        raise Misuse(f"{operation.name} takes no {name}; it takes {', '.join(known) or 'nothing'}.")
    return found


def _place(operation: Operation, into: Schema, schema: Schema, names: Sequence[str], text: str, *, again: bool) -> None:
    """Put a value under its dotted name."""
    first, *deeper = names
    if not deeper:
        value = value_of(operation, schema, text)
        if again and not isinstance(value, list):
            raise Misuse(f"{first} was given twice.")
        into[first] = [*into[first], *value] if again else value
        return
    inner = next((each for each in operation.alternatives(schema) if each.get("type") == "object"), None)
    more = inner and (inner.get("properties", {}).get(deeper[0]) or inner.get("additionalProperties"))
    if not isinstance(more, dict):
        raise Misuse(f"{first} has no {deeper[0]}.")
    below = into.setdefault(first, {})
    if not isinstance(below, dict):
        raise Misuse(f"{first} was given as a whole already.")
    _place(operation, below, more, deeper, text, again=again)


def value_of(operation: Operation, schema: Schema, text: str) -> Any:
    """The value that a text is by its schema; `@NAME` is what that file holds.

    :raise Misuse: it is none.
    """
    if text.startswith("@"):
        text = _text(_read(text[1:]), text)
    kinds = {each.get("type"): each for each in operation.alternatives(schema)}
    if "string" in kinds or None in kinds:
        return text
    if "null" in kinds and text == "null":
        return None
    if "array" in kinds and not text.lstrip().startswith("["):
        return [value_of(operation, kinds["array"].get("items", {}), text)]
    try:
        return json.loads(text)
    except ValueError as error:
        wanted = " or ".join(sorted(each for each in kinds if each and each != "null"))
        raise Misuse(f"{text[:60]} is no {wanted}.") from error


def _checked(operation: Operation, given: dict[str, Schema], file: bytes | None) -> Asked:
    # The body's own model and the parameters' own fields: the judgement of the door itself, before anything is sent.
    dependant = operation.route.dependant
    wrong = [*_refused(dependant.path_params, given["path"]), *_refused(dependant.query_params, given["query"])]
    model, content, media_type = operation.route.body_field, b"", None
    if operation.takes_file:
        if file is None:
            raise Misuse(f"{operation.name} takes a file: file=@NAME, or --body NAME.")
        content, media_type = file, _media_type(operation, file)
    elif model is not None and (given["body"] or model.field_info.is_required()):
        wrong += _told(model.validate(given["body"], loc=())[1])
        content, media_type = json.dumps(given["body"], ensure_ascii=False).encode(), JSON
    # THREAT: the client takes a segment of dots out of a path, and another door acts than the one that was named.
    # DEFENCE: no value of a path is one; any other is quoted whole.
    # TEST: tests/api/cli/call/test_values.py::test_misuse_is_said_before_anything_is_sent
    wrong += [f"{name}: {it} would lead to another door" for name, it in given["path"].items() if it in (".", "..")]
    if wrong:
        raise Misuse("; ".join(wrong) + ".")
    path = operation.path
    for name, value in given["path"].items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    query = tuple((name, _spelled(value)) for name, value in given["query"].items())
    return Asked(path=path, query=query, content=content, media_type=media_type)


def _refused(fields: Iterable[ModelField], given: Schema) -> list[str]:
    said: list[str] = []
    for field in fields:
        if field.alias in given:
            said += _told(field.validate(given[field.alias], loc=(field.alias,))[1])
        elif field.field_info.is_required():
            said.append(f"{field.alias}: is needed")
    return said


def _told(errors: Iterable[Schema]) -> list[str]:
    return [f"{'.'.join(str(part) for part in each['loc']) or 'body'}: {each['msg']}" for each in errors]


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _media_type(operation: Operation, content: bytes) -> str:
    if len(operation.media_types) == 1:
        return operation.media_types[0]
    found = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
    if found not in operation.media_types:
        raise Misuse(f"The file is none of {', '.join(operation.media_types)}.")
    return found


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Misuse(f"{name} cannot be read: {error.strerror}.") from error


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Misuse(f"{name[1:]} is not text in UTF-8.") from error
