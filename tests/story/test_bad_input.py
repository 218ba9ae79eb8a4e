"""Bad files and bad requests at the doors of the running service: each a problem, nothing half-written, no harm."""

import contextlib
import io
import json
import re
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from api.cli.demo import cast
from api.cli.demo.outside import OutsideCa, sign_outside
from api.cli.demo.story import World
from hsm.software import SoftwareKey
from tests.signer.pades.test_intake import ACTIVE, BYTES, changed, encrypted

pytestmark = pytest.mark.timeout(300)
MEMBERS = {"type", "title", "status", "detail", "code", "instance"}
NOT_DONE = re.compile(r"\b([Nn]othing|[Nn]o|not)\b")
INSIDES = ("Traceback", 'File "', ".py", "sqlalchemy", "/service/")
MEGABYTE = 1024 * 1024


def refusal(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is that problem, says what did not happen, and shows nothing of the inside."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= MEMBERS
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["title"]
    assert NOT_DONE.search(problem["detail"]), problem["detail"]
    assert not [each for each in INSIDES if each in answer.text]
    return problem


def processes(world: World) -> dict[int, str]:
    """The processes of the service, by what each serves."""
    service = world.stage._service
    assert service is not None
    found = subprocess.run(["pgrep", "-P", str(service.pid)], capture_output=True, text=True, check=True).stdout
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in found.split()}
    return {pid: line[line.index(b"--only") + 1].decode() for pid, line in lines.items() if b"--only" in line}


def resident(world: World, name: str = "api") -> int:
    """How many bytes that process holds in memory."""
    (pid,) = (pid for pid, serves in processes(world).items() if serves == name)
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


@pytest.fixture(autouse=True)
def unharmed(world: World) -> Iterator[None]:
    """After each test the same processes live and answer, and nobody wrote of an unforeseen error."""
    before, written = processes(world), world.stage._log.stat().st_size
    assert set(before.values()) == {"keys", "responders", "api", "jobs"}
    yield
    for url in (world.stage.url, world.stage.responders):
        assert httpx2.get(f"{url}/healthz", timeout=10).json()["status"] == "ok"
    assert processes(world) == before
    with world.stage._log.open("rb") as log:
        log.seek(written)
        said = log.read()
    assert b"Traceback" not in said, said.decode()
    assert b"internal error" not in said, said.decode()


def stored(world: World) -> set[Path]:
    """Every file of the document store, drafts included, but what jobs add meanwhile to documents signed before."""
    found = set()
    for path in (world.stage.data / "files").rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and b"/DSS" not in path.read_bytes():
                found.add(path)
    return found


@pytest.fixture(scope="module")
def application() -> bytes:
    from signer.rendering.facts import ApplicationFacts
    from signer.rendering.render import render

    return render(ApplicationFacts.sample()).content


@pytest.fixture
def dossier(world: World) -> str:
    """The path of a dossier without committee, empty."""
    asked = {"platform_reference": str(uuid.uuid4()), "body": cast.COMMUNE, "kind": "refection", "track": "refection"}
    opened = world.platform.post("/v1/dossiers", asked | {"title": "Façade", "applicant": "F. B.", "parcel": "TF 1"})
    return f"/v1/dossiers/{opened['id']}"


def send(world: World, path: str, content: bytes | Iterator[bytes], **query: str) -> httpx2.Response:
    return world.platform._http.post(
        path, content=content, params=query, headers={"Content-Type": "application/pdf"}, timeout=60
    )


def put_file(world: World, dossier: str, content: bytes | Iterator[bytes]) -> httpx2.Response:
    return send(world, f"{dossier}/files", content, title="Plans")


def decide(world: World, dossier: str, content: bytes) -> httpx2.Response:
    signer = world.holders[cast.PRESIDENT.key]
    return send(world, f"{dossier}/decision", content, kind="licence", signer=signer)


def with_active(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    return lambda pdf: changed(pdf, change)


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    **{name: (change, reason.value) for name, (change, reason) in BYTES.items()},
    **{name: (with_active(change), reason.value) for name, (change, reason) in ACTIVE.items()},
    "encrypted": (encrypted, "encrypted"),
}


def test_a_bad_pdf_enters_no_dossier(world: World, dossier: str, application: bytes) -> None:
    before = stored(world)
    for name, (change, reason) in BAD.items():
        bad = change(application)
        answers = [put_file(world, dossier, bad)]
        if name in {"empty", "truncated", "encrypted", "not-a-pdf", "script-in-names"}:
            answers.append(decide(world, dossier, bad))
        for answer in answers:
            problem = refusal(answer, 422, "pdf-refused")
            assert problem["reason"] == reason, name
            assert "nothing was stored: " in problem["detail"]  # and what is wrong, and what to do about it
    now = world.platform.get(dossier)
    assert (now["files"], now["documents"]) == ([], [])
    assert stored(world) == before


def test_a_bad_pdf_is_a_verdict_to_a_reader(world: World, application: bytes) -> None:
    for name in ("empty", "truncated", "encrypted", "not-a-pdf", "end-only", "script-on-opening"):
        answer = world.public.post_bytes("/v1/verifications", BAD[name][0](application))
        assert answer["verdict"] in {"NOT_AUTHENTIC", "CANNOT_TELL"}, name
        assert answer["sentences"]["fr"]
        assert answer["sentences"]["ar"]


def test_a_pdf_signed_already(world: World, dossier: str, application: bytes) -> None:
    """An architect's signed plans are kept as they came; as a decision they are refused."""
    authority, key = OutsideCa("Stranger TEST CA"), ec.generate_private_key(ec.SECP256R1())
    signed = sign_outside(
        application,
        certificate=authority.issue(key.public_key(), name="An Architect", cin="A1"),
        chain=[authority.certificate],
        key=SoftwareKey(key),
        tsa_url=f"{world.stage.responders}/tsa",
    )
    before = stored(world)
    refusal(decide(world, dossier, signed), 422, "own-pdf-signed")
    assert world.platform.get(dossier)["documents"] == []
    assert stored(world) == before
    assert put_file(world, dossier, signed).status_code == 201
    (new,) = stored(world) - before
    assert new.read_bytes() == signed


class TestSixtyMegabytes:
    """Refused by the announced length without being read; counted when nothing was announced."""

    def test_announced(self, world: World, dossier: str) -> None:
        before, files = resident(world), stored(world)
        body = b"%PDF-1.7\n" + bytes(60 * MEGABYTE)
        problem = refusal(put_file(world, dossier, body), 413, "body-too-large")
        assert problem["max_bytes"] == 50 * MEGABYTE
        assert resident(world) < before + 8 * MEGABYTE
        assert stored(world) == files

    def test_answered_before_the_body_is_sent(self, world: World, dossier: str) -> None:
        token = world.platform._http.headers["Authorization"]
        head = (
            f"POST {dossier}/files?title=x HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n"
            f"Content-Type: application/pdf\r\nContent-Length: {60 * MEGABYTE}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", world.stage.port), timeout=10) as line:
            line.sendall(head.encode())
            assert line.recv(200).startswith(b"HTTP/1.1 413 ")

    def test_unannounced(self, world: World, dossier: str) -> None:
        before, files = resident(world), stored(world)
        pieces = (b"%PDF-1.7\n" + bytes(MEGABYTE) for _ in range(60))
        refusal(put_file(world, dossier, pieces), 413, "body-too-large")
        assert resident(world) < before + 60 * MEGABYTE
        assert stored(world) == files

    def test_from_nobody(self, world: World, dossier: str) -> None:
        """Who has no token does not get his bytes read."""
        before = resident(world)
        answer = httpx2.post(
            f"{world.stage.url}{dossier}/files",
            params={"title": "x"},
            content=bytes(49 * MEGABYTE),
            headers={"Content-Type": "application/pdf"},
            timeout=60,
        )
        refusal(answer, 401, "credentials-missing")
        assert resident(world) < before + 8 * MEGABYTE


def ask(world: World, method: str, path: str, **more: Any) -> httpx2.Response:
    """A request of the central officer."""
    return world.officer._http.request(method, path, **more)


OFFICER = {"name": "Third officer", "role": "central"}


def test_requests_that_are_not_as_described(world: World) -> None:
    kind = {"Content-Type": "application/json"}
    unknown = refusal(ask(world, "POST", "/v1/officers", json=OFFICER | {"more": 1}), 422, "request-malformed")
    assert unknown["errors"][0]["pointer"] == "/more"
    assert "Nothing was done" in unknown["detail"]
    refusal(ask(world, "POST", "/v1/officers", content=b"{", headers=kind), 422, "request-malformed")
    refusal(ask(world, "POST", "/v1/officers", content=b'{"name":"\\ud800"}', headers=kind), 422, "request-malformed")
    other = ask(world, "POST", "/v1/officers", content=b"<a/>", headers={"Content-Type": "text/xml"})
    assert refusal(other, 415, "content-type-unsupported")["accepted"] == ["application/json"]
    large = json.dumps(OFFICER | {"name": "x" * MEGABYTE}).encode()
    refusal(ask(world, "POST", "/v1/officers", content=large, headers=kind), 413, "body-too-large")
    refusal(ask(world, "POST", "/v1/officers", content=iter([large]), headers=kind), 413, "body-too-large")
    refusal(ask(world, "GET", "/v1/nowhere"), 404, "not-found")
    refusal(ask(world, "PUT", "/v1/officers"), 405, "method-not-allowed")
    refusal(ask(world, "GET", "/v1/key-orders/not-a-uuid"), 422, "request-malformed")
    refusal(ask(world, "GET", f"/v1/key-orders/{uuid.uuid4()}"), 404, "order-unknown")


def test_json_too_deep_or_too_long_to_read(world: World, dossier: str) -> None:
    for bomb in (b"[" * 500_000, b'{"a":' * 100_000, b"9" * 5000):
        for client, path in ((world.officer, "/v1/officers"), (world.platform, f"{dossier}/decision")):
            said = client._http.post(path, content=bomb, headers={"Content-Type": "application/json"})
            refusal(said, said.status_code, "request-malformed")
            assert said.status_code in {400, 422}


def test_a_decision_in_json_is_no_larger_than_other_json(world: World, dossier: str) -> None:
    body = {"kind": "licence", "signer": world.holders[cast.PRESIDENT.key], "text": "x" * MEGABYTE}
    refusal(world.platform._http.post(f"{dossier}/decision", json=body), 413, "body-too-large")


TIER = {"kind": "commune", "population_from": 0, "population_below": None, "keys": 3, "basis": "assumed"}
AGREEMENT = {"supplier": "S", "number": "2", "census": "RGPH 2024", "purchases": 1, "in_effect_from": "2026-01-01"}


def test_values_that_no_record_can_hold(world: World) -> None:
    order = f"/v1/key-orders/{world.orders[cast.PRESIDENT.key]}"
    office = f"/v1/offices/{world.offices[cast.PRESIDENT.key]}"
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("/v1/officers", OFFICER, {"name": "A\x00B"}),
        ("/v1/officers", OFFICER, {"name": "A\nB"}),
        ("/v1/agreements", AGREEMENT | {"tiers": [TIER]}, {"purchases": 10**30}),
        ("/v1/agreements", AGREEMENT | {"tiers": [TIER]}, {"seats": 2**63}),
        ("/v1/agreements", AGREEMENT | {"tiers": [TIER]}, {"purchases": -1}),
        ("/v1/agreements", AGREEMENT | {"tiers": [TIER]}, {"in_effect_from": "0000-01-01"}),
        ("/v1/agreements", AGREEMENT, {"tiers": [TIER | {"population_from": 2**70}]}),
        (f"{order}/block", {"reason": "lost"}, {"reason": "\x07"}),
        (f"{order}/block", {"reason": "lost"}, {"lost_since": "2026-01-01T00:00:00"}),
        (f"{order}/block", {"reason": "lost"}, {"lost_since": "9999-12-31T23:59:59-14:00"}),
        (f"{order}/block", {"reason": "lost"}, {"lost_since": "0001-01-01T00:00:00+14:00"}),
        (f"{order}/block", {"reason": "lost"}, {"lost_since": "9999-01-01T00:00:00Z"}),
        (f"{office}/end", {"ends_on": "2026-01-01", "reason": "r", "deed": "PV"}, {"ends_on": "2021-02-30"}),
    ]
    for path, good, change in cases:
        answer = ask(world, "POST", path, json=good | change)
        refusal(answer, 422, answer.json()["code"])
    assert world.officer.get(order)["state"] == "active"


def test_the_same_idempotency_key_with_another_request(world: World) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = ask(world, "POST", "/v1/officers", json=OFFICER, headers=key)
    assert first.status_code == 201
    for path, body in (("/v1/officers", OFFICER | {"name": "Another"}), ("/v1/holders", OFFICER)):
        answer = ask(world, "POST", path, json=body, headers=key)
        refusal(answer, 422, "idempotency-key-reused" if path == "/v1/officers" else "request-malformed")
    again = ask(world, "POST", "/v1/officers", json=OFFICER, headers=key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    short = ask(world, "POST", "/v1/officers", json=OFFICER, headers={"Idempotency-Key": "short"})
    refusal(short, 400, "idempotency-key-malformed")


def test_an_event_number_that_is_none(world: World, licences: list[str]) -> None:
    opened = world.platform.post(
        "/v1/ceremonies", {"signer": world.holders[cast.PRESIDENT.key], "documents": licences[:1]}
    )
    for number in (b"\xb2", b"9" * 5000, b"-1", b"x"):
        headers = [(b"last-event-id", number)]
        with world.platform._http.stream("GET", f"/v1/ceremonies/{opened['id']}/events", headers=headers) as answer:
            assert answer.status_code == 200
            assert next(answer.iter_bytes())
    world.platform._http.delete(f"/v1/ceremonies/{opened['id']}")


def test_a_platform_with_a_wrong_secret(world: World) -> None:
    made = json.loads((world.stage.data / "secrets" / "first-credentials.json").read_text(encoding="utf-8"))["client"]
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": "wrong"}
    for asked in (form, form | {"client_id": "nobody"}):
        answer = httpx2.post(f"{world.stage.url}/oauth/token", data=asked, timeout=10)
        problem = refusal(answer, 401, "client-refused")
        assert problem["error"] == "invalid_client"
        assert "access_token" not in answer.text
        assert made["client_secret"] not in answer.text
    answer = httpx2.post(f"{world.stage.url}/oauth/token", data=form | {"grant_type": "password"}, timeout=10)
    assert refusal(answer, 400, "grant-refused")["error"] == "unsupported_grant_type"


def test_an_officer_of_another_province(world: World) -> None:
    made = world.officer.post(
        "/v1/officers", {"name": "Oujda", "role": "provincial", "province_code": cast.COMMUNE_NOT_OPEN[:6]}
    )
    elsewhere = httpx2.Client(base_url=world.stage.url, headers={"Authorization": f"Bearer {made['token']}"})
    order, office = world.orders[cast.PRESIDENT.key], world.offices[cast.PRESIDENT.key]
    holder = world.holders[cast.PRESIDENT.key]
    acts: list[tuple[str, dict[str, Any]]] = [
        (f"/v1/key-orders/{order}/block", {"reason": "lost"}),
        (f"/v1/key-orders/{order}/ticket", {}),
        (f"/v1/key-orders/{order}/acceptance", {}),
        (f"/v1/key-orders/{order}/revocation", {"reason": "keyCompromise"}),
        (f"/v1/key-orders/{order}/approval", {"digest": "0" * 64}),
        (f"/v1/offices/{office}/end", {"ends_on": "2026-01-01", "reason": "r", "deed": "PV"}),
        ("/v1/key-orders", {"holder": holder, "office": office, "payer": cast.COMMUNE}),
        (
            "/v1/offices",
            {"holder": holder, "body": cast.COMMUNE, "function": "secretary", "starts_on": "2026-01-01", "deed": "PV"},
        ),
        ("/v1/officers", OFFICER),
    ]
    with elsewhere:
        for path, body in acts:
            refusal(elsewhere.post(path, json=body), 403, "not-permitted")
        for path in (f"/v1/key-orders/{order}", f"/v1/allowances?body={cast.COMMUNE}", f"/v1/ledger?order={order}"):
            refusal(elsewhere.get(path), 403, "not-permitted")
        refusal(elsewhere.get(f"/v1/key-orders/{uuid.uuid4()}"), 404, "not-found")
    assert world.officer.get(f"/v1/key-orders/{order}")["state"] == "active"


def nested(depth: int) -> bytes:
    """DER sequences, one inside the other."""
    der = b""
    for _ in range(depth):
        size = len(der)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
        der = b"\x30" + length + der
    return der


GARBAGE = {"nothing": b"", "words": b"GET me a stamp", "half": b"\x30\x82\x10\x00\x02\x01", "nested": nested(3000)}


@pytest.mark.parametrize("name", sorted(GARBAGE))
def test_responders_given_garbage(world: World, name: str) -> None:
    from asn1crypto import core, tsp

    url, body = world.stage.responders, GARBAGE[name]
    said = httpx2.post(f"{url}/ocsp", content=body, headers={"Content-Type": "application/ocsp-request"}, timeout=10)
    assert said.headers["content-type"] == "application/ocsp-response"
    status = ocsp.load_der_ocsp_response(said.content).response_status
    assert status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    said = httpx2.post(f"{url}/tsa", content=body, headers={"Content-Type": "application/timestamp-query"}, timeout=10)
    assert said.headers["content-type"] == "application/timestamp-reply"
    answer = core.Sequence.load(said.content)
    assert len(answer) == 1  # a status and no token
    assert tsp.PKIStatusInfo.load(answer[0].dump())["status"].native == "rejection"


def test_responders_given_too_much(world: World) -> None:
    for path, kind in (("/ocsp", "application/ocsp-request"), ("/tsa", "application/timestamp-query")):
        for content in (bytes(17 * 1024), iter([bytes(9 * 1024)] * 2)):
            said = httpx2.post(
                f"{world.stage.responders}{path}", content=content, headers={"Content-Type": kind}, timeout=10
            )
            refusal(said, 413, "body-too-large")
    refusal(httpx2.get(f"{world.stage.responders}/ocsp/***", timeout=10), 400, "request-malformed")
    refusal(httpx2.get(f"{world.stage.responders}/v1/officers", timeout=10), 404, "not-found")


def test_lines_that_are_no_http(world: World) -> None:
    for head in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 200_000,
    ):
        with socket.create_connection(("127.0.0.1", world.stage.port), timeout=10) as line:
            line.sendall(head)
            line.shutdown(socket.SHUT_WR)
            said = io.BytesIO()
            while piece := line.recv(4096):
                said.write(piece)
        assert b" 500 " not in said.getvalue()
        assert not [each for each in INSIDES if each.encode() in said.getvalue()]
