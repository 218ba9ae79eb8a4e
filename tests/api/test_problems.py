"""Every leaf of every package's error tree has its row; problems have the shape of RFC 9457."""

import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest

import api
import hsm
import pki
import signer
from api.auth.errors import AuthError, CredentialsMissing
from api.problems import PROBLEMS, BorderError, RequestInProgress, problem_of, refused, unreadable
from hsm.errors import DeviceUnavailable, HsmError
from pki.errors import PkiError
from signer.errors import SignerError

ON_THE_AGENTS_SIDE = ("hsm.agent", "hsm.cryptoki.supervisor")
"""Where errors never reach the service's doors."""


def import_errors() -> None:
    for package in (hsm, pki, signer, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.rsplit(".", 1)[-1] == "errors" or module.name == "pki.tickets":
                importlib.import_module(module.name)


def leaves(root: type[Exception]) -> Iterator[type[Exception]]:
    below = root.__subclasses__()
    if not below:
        yield root
    for each in below:
        yield from leaves(each)


def test_every_error_has_a_problem() -> None:
    import_errors()
    found = {leaf for root in (HsmError, PkiError, SignerError, AuthError, BorderError) for leaf in leaves(root)}
    missing = sorted(
        f"{leaf.__module__}.{leaf.__name__}"
        for leaf in found - PROBLEMS.keys()
        if not leaf.__module__.startswith(ON_THE_AGENTS_SIDE) and not leaf.__module__.startswith("tests")
    )
    assert missing == []


def test_codes_are_kebab_case_and_statuses_are_errors() -> None:
    for status, code in PROBLEMS.values():
        assert 400 <= status < 600
        assert code == code.lower()
        assert all(part.isalnum() for part in code.split("-"))


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    body = json.loads(problem_of(RequestInProgress(), instance="/v1/x").body())
    assert {"type", "title", "status", "detail", "code", "instance"} <= body.keys()
    assert (body["status"], body["code"], body["instance"]) == (409, "request-in-progress", "/v1/x")


def test_what_may_pass_says_when_to_ask_again() -> None:
    assert problem_of(DeviceUnavailable("away"), instance="/").headers["Retry-After"] == "1"
    assert problem_of(CredentialsMissing(), instance="/").headers["WWW-Authenticate"] == "Bearer"


def test_an_error_without_a_row_is_internal_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    problem = problem_of(ValueError("the PIN is 1234"), instance="/v1/x")
    assert problem.status == 500
    assert "1234" not in problem.body().decode()
    assert problem.fields["reference"] in caplog.text


def test_each_refused_place_has_its_pointer() -> None:
    said = [{"loc": ("body", "tiers", 0, "a/b"), "msg": "no", "type": "x"}]
    body = json.loads(unreadable(said, instance="/").body())
    assert body["errors"] == [{"pointer": "/tiers/0/a~1b", "in": "body", "said": "no"}]


def test_statuses_of_http_itself() -> None:
    assert refused(413, "large", instance="/").code == "body-too-large"
    assert refused(418, "teapot", instance="/").code == "request-malformed"
