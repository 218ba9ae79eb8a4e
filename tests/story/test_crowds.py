"""The same thing asked many times at once, over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from api.cli.demo import cast
from api.cli.demo.story import World

pytestmark = pytest.mark.timeout(300)


def ask(world: World, person: cast.Person, headers: dict[str, str]) -> httpx2.Response:
    body = {
        "holder": world.holders[person.key],
        "office": world.offices[person.key],
        "payer": cast.PROVINCE,
    }
    token = world.officer._http.headers["Authorization"]
    return httpx2.post(
        f"{world.stage.url}/v1/key-orders", json=body, headers={"Authorization": token, **headers}, timeout=60
    )


def reserved(world: World) -> int:
    found: int = world.officer.get("/v1/allowances", body=cast.PROVINCE)["items"][0]["reserved"]
    return found


@pytest.mark.parametrize(
    ("person", "headers"),
    [(cast.SPARE_MEMBERS[0], {}), (cast.SPARE_MEMBERS[1], {"Idempotency-Key": "the-same-order-twenty-times"})],
    ids=["without a key", "with an Idempotency-Key"],
)
def test_the_same_order_twenty_times_at_once_is_one_order(
    world: World, person: cast.Person, headers: dict[str, str]
) -> None:
    before = reserved(world)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(world, person, headers), range(20)))
    created = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    others = {(answer.status_code, answer.json().get("code")) for answer in answers if answer.status_code != 201}
    assert len(created) == 1
    assert others <= {(409, "order-already-open"), (409, "request-in-progress")}, others
    assert reserved(world) == before + 1
    if headers:  # the key gives the first answer again
        again = ask(world, person, headers)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json()["id"] in created
