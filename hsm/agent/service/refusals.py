"""What the service refuses, in the agent's words: the refusals that a signer can do something about."""

from collections.abc import Mapping

from hsm.agent.errors import AgentCode, AgentError

KEY_PROBLEMS = {
    "key-blocked": AgentCode.KEY_BLOCKED,
    "key-revoked": AgentCode.KEY_REVOKED,
    "key-expired": AgentCode.CERTIFICATE_EXPIRED,
    "key-not-yet-valid": AgentCode.CERTIFICATE_NOT_YET,
    "key-not-accepted": AgentCode.KEY_UNUSABLE,
    "key-changed": AgentCode.KEY_UNUSABLE,
    "no-usable-key": AgentCode.KEY_UNUSABLE,
    "office-ended": AgentCode.OFFICE_ENDED,
}
"""What ends a list: every document of it would be refused alike."""
OTHER_PROBLEMS = {"not-entitled": AgentCode.NOT_ENTITLED, "agent-too-old": AgentCode.AGENT_TOO_OLD}
VALUE_PROBLEMS = (
    frozenset({"item-refused", "item-unknown", "value-for-another-item", "value-refused", "attributes-differ"})
    | frozenset({"ceremony-ended", "ceremony-unknown", "not-entitled"})
    | frozenset({"already-signed-by-signer", "document-complete", "document-outdated", "document-superseded"})
    | frozenset({"not-this-documents-signer", "dossier-decided", "binding-opinion-missing", "minutes-incomplete"})
    | frozenset({"binding-opinion-not-favourable"})
    | KEY_PROBLEMS.keys()
)
"""What refuses a value for good. Any other refusal may be said of the line, of the body, of this hour: it stays.

A refusal of rights that is not named here comes back as `item-refused` when the value is given again.
"""
DATE_CHARACTERS = len("2026-11-24")


def refusal_of(problem: str | None, document: Mapping[str, object]) -> AgentError | None:
    """The error of a problem that has a code of its own; None for any other.

    :param document: the problem's members (RFC 9457); those missing are shown as a dash.
    """
    code = KEY_PROBLEMS.get(problem or "") or OTHER_PROBLEMS.get(problem or "")
    return None if code is None else _error(code, str(problem), document)


def ends_the_list(problem: str | None, document: Mapping[str, object]) -> AgentError | None:
    """The error of a refused value after which the others would be refused alike; None: go on with them."""
    if problem == "item-refused":
        problem = str(document.get("reason", ""))
    return _error(KEY_PROBLEMS[problem], problem, document) if problem in KEY_PROBLEMS else None


def _error(code: AgentCode, problem: str, document: Mapping[str, object]) -> AgentError:
    said = {name: str(document.get(name) or "—")[:200] for name in ("name_latin", "reference", "reason")}
    on = str(document.get("since") or document.get("ended_on") or "—")[:DATE_CHARACTERS]
    names = {"wanted": said["name_latin"], "reference": said["reference"], "reason": said["reason"]}
    return AgentError(code, problem=problem, on=on, **names)
