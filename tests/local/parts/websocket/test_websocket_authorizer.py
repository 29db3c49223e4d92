"""Who is let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.parts.websocket.fake_lambda import Event, Lambda, RaisedError, policy
from tests.local.parts.websocket.running import Running, logged, refused


@pytest.mark.parametrize("token", [None, "", " "])
async def test_missing_identity_source_is_401_without_invoking(
    functions: Lambda, start: Running, token: str | None
) -> None:
    assert await refused(await start(), token=token) == 401
    assert functions.authorizations == []
    assert functions.events == []


def _raise(message: str) -> Callable[[Event], Any]:
    def authorizer(_event: Event) -> Any:
        raise RaisedError(message)

    return authorizer


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        (_raise("Unauthorized"), 401),
        (_raise("KeyError"), 500),
        (lambda _: policy("Deny"), 403),
        (lambda _: policy(resource="arn:aws:execute-api:us-east-1:123456789012:other/*"), 403),
        (lambda _: {"principalId": "anna"}, 500),
        (lambda _: {**policy(), "principalId": None}, 500),
        (lambda _: policy(nested={"a": 1}), 500),
        (lambda _: policy(large="x" * 9000), 500),
        (lambda _: "allow", 500),
    ],
)
async def test_authorizer_refusals(
    functions: Lambda,
    start: Running,
    log: list[Any],
    authorizer: Callable[[Event], Any],
    status: int,
) -> None:
    functions.authorizer = authorizer
    assert await refused(await start()) == status
    assert functions.events == []
    assert [line["status"] for line in logged(log, "connect_refused")] == [status]


async def test_policy_for_exactly_this_route_allows(functions: Lambda, start: Running) -> None:
    functions.authorizer = lambda event: policy(resource=event["methodArn"])
    async with (await start()).connect():
        await functions.wait("CONNECT")


async def test_explicit_deny_wins(functions: Lambda, start: Running) -> None:
    answer = policy()
    answer["policyDocument"]["Statement"].append(policy("Deny")["policyDocument"]["Statement"][0])
    functions.authorizer = lambda _event: answer
    assert await refused(await start()) == 403
