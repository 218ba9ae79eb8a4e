"""What a document says of itself: the `khatam.json` that this service puts into the files it renders."""

import json
import re
from typing import Any

ATTACHMENT = "khatam.json"
MAX_BYTES = 64 * 1024
_FORMS = {
    "reference": re.compile(r"[A-Z0-9][A-Z0-9/-]{0,30}"),
    "kind": re.compile(r"[a-z_]{1,20}"),
    "body_code": re.compile(r"[A-Z0-9.-]{1,40}"),
    "environment": re.compile(r"rehearsal|production"),
}
"""The keys that this room uses, and how each is written. Everything else stays in the document."""


def parse_claims(content: bytes) -> dict[str, str]:
    """The known keys of `content`; what is not written as it should be is left out."""
    if len(content) > MAX_BYTES:
        return {}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    texts = {key: value[key] for key in _FORMS if isinstance(value.get(key), str)}
    return {key: text for key, text in texts.items() if _FORMS[key].fullmatch(text)}


def read_claims(root: Any) -> dict[str, str]:
    """Claims in the embedded files of a document catalog; empty when there are none."""
    for name, specification in _embedded_files(root):
        if name == ATTACHMENT:
            stream = specification["/EF"]["/F"]
            if int(stream["/Length"]) > MAX_BYTES:
                return {}
            return parse_claims(stream.data)
    return {}


def _embedded_files(root: Any) -> list[tuple[str, Any]]:
    try:
        tree = root["/Names"]["/EmbeddedFiles"]
    except KeyError:
        return []
    found: list[tuple[str, Any]] = []
    nodes = [tree]
    for _ in range(100):  # a tree of names that closes on itself ends here
        if not nodes:
            break
        node = nodes.pop()
        nodes.extend(each.get_object() for each in _array(node, "/Kids"))
        names = _array(node, "/Names")
        found.extend((str(key), value.get_object()) for key, value in zip(names[::2], names[1::2], strict=False))
    return found


def _array(node: Any, key: str) -> list[Any]:
    return list(node[key]) if key in node else []
