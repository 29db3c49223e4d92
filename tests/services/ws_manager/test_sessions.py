"""The session id AWS sees."""

from __future__ import annotations

import itertools
import re

from services.ws_manager.sessions import derive_session_id


def test_it_is_a_valid_runtime_session_id() -> None:
    for owner, name in itertools.product(["", "a", "7f1c5d9e-0000", "ü" * 300], ["", "abc-123", "x" * 128, "🙂"]):
        session_id = derive_session_id(owner, name)
        assert len(session_id) == 36
        assert re.fullmatch(r"[0-9a-f]{36}", session_id)
        # Both of AgentCore's patterns: request length 33 to 256, response pattern and length to 100.
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{32,99}", session_id)


def test_it_is_the_same_every_time_and_in_every_process() -> None:
    assert derive_session_id("alice", "abc-123") == derive_session_id("alice", "abc-123")
    # Conversations are stored under it, so it must never change.
    assert derive_session_id("alice", "abc-123") == "62fa1177390a4d28d3e216926283a77f368d"


def test_it_differs_by_owner_and_by_name() -> None:
    owners, names = ["alice", "bob", "Alice", "alice "], ["abc", "abd", "ABC", "abc "]
    ids = {derive_session_id(owner, name) for owner, name in itertools.product(owners, names)}
    assert len(ids) == len(owners) * len(names)


def test_owner_and_name_cannot_flow_into_each_other() -> None:
    text = "1:a:2:bc:3"
    splits = [(text[:index], text[index:]) for index in range(len(text) + 1)]
    with_colon = [(text[:index], text[index + 1 :]) for index, char in enumerate(text) if char == ":"]
    assert len({derive_session_id(*split) for split in splits}) == len(splits)
    assert len({derive_session_id(*split) for split in with_colon}) == len(with_colon)
    assert derive_session_id("ab", "c") != derive_session_id("a", "bc") != derive_session_id("a", "b:c")


def test_naming_somebody_elses_session_id_does_not_lead_there() -> None:
    theirs = derive_session_id("alice", "abc-123")
    assert derive_session_id("bob", theirs) != theirs
