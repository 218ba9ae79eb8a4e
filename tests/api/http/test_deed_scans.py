"""The scan of a deed over HTTP: sent, named by an act, shown in its territory alone."""

from hashlib import sha256

import httpx2
import pytest

from api.wiring import House
from tests.api.http.test_delegations import COMMUNE, ELSEWHERE, SCAN, officer, scanned
from tests.api.served import caller


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def test_kept_and_shown_in_the_territory(house: House, client: httpx2.Client) -> None:
    own, stranger = officer(house), officer(house, ELSEWHERE)
    digest = scanned(client, own)
    assert digest == sha256(SCAN).hexdigest()
    address = f"/v1/bodies/{COMMUNE}/deed-scans"
    page = client.get(f"{address}/{digest}", headers=own)
    assert (page.content, page.headers["content-type"]) == (SCAN, "application/pdf")
    assert page.headers["content-disposition"].startswith("attachment")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in page.headers["content-security-policy"]
    assert client.get(f"{address}/{digest}", headers=stranger).status_code == 403
    assert client.get(f"{address}/{digest}").status_code == 401
    said = client.get(f"{address}/{'0' * 64}", headers=own)
    assert (said.status_code, said.json()["code"]) == (404, "scan-unknown")
    pdf = {"Content-Type": "application/pdf"}
    assert client.post(address, content=SCAN, headers=stranger | pdf).status_code == 403
    said = client.post(address, content=b"<svg onload=x>", headers=own | pdf)
    assert (said.status_code, said.json()["code"]) == (422, "scan-refused")
    said = client.post(address, content=SCAN, headers=own | {"Content-Type": "image/svg+xml"})
    assert said.status_code == 415
