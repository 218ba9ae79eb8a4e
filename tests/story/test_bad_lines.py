"""What somebody on the line changes: prepared files, manifests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from api.cli.demo.story import World
from hsm.agent.errors import AgentCode
from hsm.prepared.errors import ManifestReason, ManifestRefused
from hsm.prepared.manifest import verify_manifest
from tests.story.callers import state
from tests.story.desks import Committee, anchor, drafted
from tests.story.test_bad_input import unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


class Tampering(httpx2.BaseTransport):
    """A line between agent and service on which somebody changes what some addresses answer."""

    def __init__(self, tamper: Callable[[str, bytes], bytes]) -> None:
        self._tamper, self._line = tamper, httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._line.handle_request(request)
        answer.read()
        content = self._tamper(request.url.path, answer.content)
        headers = {"content-type": answer.headers.get("content-type", "")}
        return httpx2.Response(answer.status_code, headers=headers, content=content)

    def close(self) -> None:
        self._line.close()


@pytest.mark.parametrize("what", ["one object more", "one byte of the base", "another file"])
def test_a_prepared_file_changed_on_its_way(world: World, committee: Committee, tmp_path: Path, what: str) -> None:
    desk, reference = committee.province, drafted(committee)
    opened, before = desk.opened(reference), list(desk.devices.signed)

    def tamper(path: str, content: bytes) -> bytes:
        if not path.endswith("/prepared"):
            return content
        if what == "one object more":
            return content.replace(b"%%EOF", b"%%EOF\n99 0 obj\n<< /Type /Action /S /Named >>\nendobj\n")
        return b"%PDF-1.7\n" if what == "another file" else content[:300] + bytes((content[300] ^ 1,)) + content[301:]

    report = desk.sign(opened["agent_url"], Tampering(tamper))
    assert report.error is not None
    assert report.error.code is AgentCode.DOCUMENT
    assert (report.kept, report.error.fields["reason"]) == (0, "prepared-differs")
    assert "Nothing of this list was signed" in str(report.error)
    assert desk.devices.signed == before
    assert state(world, opened)[0] == "cancelled"
    later = desk.opened(reference)  # and nothing stayed locked
    world.platform._http.delete(f"/v1/ceremonies/{later['id']}")


def test_the_manifest_of_another_ceremony_or_of_yesterday(world: World, committee: Committee) -> None:
    desk, before = committee.province, list(committee.province.devices.signed)
    first = desk.opened(drafted(committee))
    seen: dict[str, bytes] = {}

    def keep(path: str, content: bytes) -> bytes:
        if path == "/v1/agent/manifest":
            seen[path] = content
        return b"%PDF" if path.endswith("/prepared") else content

    desk.sign(first["agent_url"], Tampering(keep))  # seen, not signed
    second = desk.opened(drafted(committee))
    report = desk.sign(second["agent_url"], Tampering(seen.get))
    assert report.error is not None
    assert report.error.code is AgentCode.MANIFEST
    assert report.error.fields["reason"] in {"other-ceremony", "other-ticket", "other-nonce"}
    assert "Nothing was signed" in str(report.error)
    assert desk.devices.signed == before
    assert not state(world, second)[1] & {"kept", "signed"}
    jws = json.loads(seen["/v1/agent/manifest"])["manifest"]
    with pytest.raises(ManifestRefused) as error:
        verify_manifest(jws, anchor(world), datetime.now(UTC) + timedelta(days=1))
    assert error.value.reason is ManifestReason.EXPIRED
