"""What can be called, in lines for people and as JSON."""

from __future__ import annotations

from typing import Any

from .operations import Field, Operation, Schema
from .values import FILE


def level(operation: Operation) -> str:
    """Who may open the door."""
    if operation.least is None:
        return "anybody"
    return operation.least.value + ("" if operation.least.value == "central" else " or above")


def line(operation: Operation) -> str:
    """One line of the list."""
    return f"{operation.name:28} {level(operation):20} {operation.summary}"


def sheet(operation: Operation) -> list[str]:
    """Everything about one door."""
    said = [f"{operation.name}   {operation.method} {operation.path}", operation.said, f"Level: {level(operation)}."]
    if operation.takes_key:
        said.append("Takes an Idempotency-Key, which is made here unless --key gives one.")
    if operation.takes_file:
        said.append(f"  {FILE}=@NAME   {' | '.join(operation.media_types)}   required")
    said += [_field_line(operation, each) for each in operation.fields]
    return said


def plain(operation: Operation) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "operation": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "level": None if operation.least is None else operation.least.value,
        "idempotency_key": operation.takes_key,
        "file": list(operation.media_types) if operation.takes_file else None,
        "fields": [
            {"name": each.name, "in": each.place, "type": type_of(operation, each.schema), "required": each.required}
            for each in operation.fields
        ],
    }


def type_of(operation: Operation, schema: Schema) -> str:
    """A schema in a word or two: `date`, `commune | province`, `array of {kind, keys}`."""
    words = [_word(operation, each) for each in operation.alternatives(schema)]
    return " | ".join(dict.fromkeys(each for each in words if each != "null")) or "any"


def _word(operation: Operation, kind: Schema) -> str:
    if "enum" in kind:
        return " | ".join(str(each) for each in kind["enum"])
    if "const" in kind:
        return str(kind["const"])
    if kind.get("type") == "array":
        return f"array of {type_of(operation, kind.get('items', {}))}"
    if "properties" in kind:
        needed = kind.get("required", [])
        names = [name if name in needed else f"{name}?" for name in kind["properties"]]
        return "{" + ", ".join(names) + "}"
    return str(kind.get("format") or kind.get("type") or "any")


def _field_line(operation: Operation, field: Field) -> str:
    default = field.schema.get("default")
    need = "required" if field.required else "" if default is None else f"default {default}"
    return f"  {field.name:24} {type_of(operation, field.schema)}   {need}".rstrip()
