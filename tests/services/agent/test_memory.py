"""Session memory: round trips with a real agent, and histories that were cut off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import fakeredis
import pytest
from moto import mock_aws
from strands import Agent
from strands.session import RepositorySessionManager
from strands.types.content import ContentBlock, Message
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType

from services.agent import memory
from services.agent.memory import ConversationManager, HashStore, ValkeySessionRepository, session_manager
from tests.services.agent.fakes import SESSION, ScriptedModel

OTHER = "other-session-0123456789-0123456789-0123"
TTL = 100


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


@pytest.fixture
def repository(redis: fakeredis.FakeRedis) -> ValkeySessionRepository:
    return ValkeySessionRepository(cast(HashStore, redis), TTL)


@pytest.fixture(params=["valkey", "s3", "file"])
def store(
    request: pytest.FixtureRequest, redis: fakeredis.FakeRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Each kind of store, as a setting."""
    if request.param == "valkey":
        monkeypatch.setattr(memory, "connect", lambda _: redis)
        yield "valkey://store:6379"
    elif request.param == "file":
        yield f"file://{tmp_path}"
    else:
        with mock_aws():
            boto3.client("s3").create_bucket(Bucket="sessions")
            yield "s3://sessions/deskside/"


def talk(manager: RepositorySessionManager, model: ScriptedModel, prompt: str) -> Agent:
    """One turn of an agent that was built for it."""
    agent = Agent(model=model, agent_id="a", session_manager=manager, callback_handler=None)
    agent(prompt)
    return agent


def texts(messages: list[Message]) -> list[str]:
    return [block["text"] for message in messages for block in message["content"] if "text" in block]


def test_a_conversation_is_restored(store: str) -> None:
    model = ScriptedModel(["Hello Ada"], ["Your name is Ada"])
    talk(session_manager(SESSION, store, TTL), model, "I am Ada")
    talk(session_manager(SESSION, store, TTL), model, "Who am I?")
    assert texts(model.seen[1]) == ["I am Ada", "Hello Ada", "Who am I?"]


def test_no_session_reads_another(store: str) -> None:
    model = ScriptedModel(["one"], ["two"])
    talk(session_manager(SESSION, store, TTL), model, "I am Ada")
    talk(session_manager(OTHER, store, TTL), model, "Who am I?")
    assert texts(model.seen[1]) == ["Who am I?"]


@pytest.mark.parametrize("store", ["valkey", "file"], indirect=True)
def test_a_long_conversation_keeps_its_order(store: str) -> None:
    model = ScriptedModel(*[[f"answer {n}"] for n in range(8)])
    for n in range(8):
        talk(session_manager(SESSION, store, TTL), model, f"prompt {n}")
    said = [line for n in range(7) for line in (f"prompt {n}", f"answer {n}")]
    assert texts(model.seen[7]) == [*said, "prompt 7"]


@pytest.mark.parametrize("store", ["redis://h", "http://h", "sessions", ""])
def test_an_unknown_scheme_is_refused(store: str) -> None:
    with pytest.raises(ValueError, match="SESSION_STORE"):
        session_manager(SESSION, store, TTL)


def test_one_key_a_session_with_its_hash_tag(repository: ValkeySessionRepository, redis: fakeredis.FakeRedis) -> None:
    model = ScriptedModel(["one"], ["two"])
    for session_id in (SESSION, OTHER):
        talk(ConversationManager(session_id, session_repository=repository), model, "Hi")
    keys = {key.decode() for key in cast(list[bytes], redis.keys())}
    assert keys == {f"deskside:{{{SESSION}}}", f"deskside:{{{OTHER}}}"}


def test_every_write_renews_the_ttl(repository: ValkeySessionRepository, redis: fakeredis.FakeRedis) -> None:
    key = f"deskside:{{{SESSION}}}"
    agent = SessionAgent(agent_id="a", state={}, conversation_manager_state={})
    message = SessionMessage({"role": "user", "content": [{"text": "Hi"}]}, 0)
    writes: list[Callable[[], object]] = [
        lambda: repository.create_session(Session(SESSION, SessionType.AGENT)),
        lambda: repository.create_agent(SESSION, agent),
        lambda: repository.update_agent(SESSION, agent),
        lambda: repository.create_message(SESSION, "a", message),
        lambda: repository.update_message(SESSION, "a", message),
    ]
    for write in writes:
        write()
        assert redis.ttl(key) == TTL
        redis.expire(key, 5)
    repository.list_messages(SESSION, "a")
    assert redis.ttl(key) == 5, "reading is no sign of life"


def test_messages_are_listed_in_order_with_limit_and_offset(repository: ValkeySessionRepository) -> None:
    numbers = [11, 2, 10, 0, 1, 9, 3, 8, 4, 7, 5, 6, 100]
    for number in numbers:
        repository.create_message(
            SESSION, "a", SessionMessage({"role": "user", "content": [{"text": str(number)}]}, number)
        )
    repository.create_message(SESSION, "ab", SessionMessage({"role": "user", "content": [{"text": "x"}]}, 5))

    def listed(**window: Any) -> list[int]:
        return [message.message_id for message in repository.list_messages(SESSION, "a", **window)]

    assert listed() == sorted(numbers)
    assert listed(offset=10) == [10, 11, 100]
    assert listed(limit=2) == [0, 1]
    assert listed(limit=2, offset=9) == [9, 10]
    assert repository.list_messages(OTHER, "a") == []


def test_update_keeps_when_a_thing_was_made(repository: ValkeySessionRepository) -> None:
    first = SessionMessage({"role": "user", "content": [{"text": "secret"}]}, 0, created_at="2026-01-01T00:00:00+00:00")
    repository.create_message(SESSION, "a", first)
    changed = SessionMessage({"role": "user", "content": [{"text": "gelöscht 😀"}]}, 0)
    repository.update_message(SESSION, "a", changed)
    found = repository.read_message(SESSION, "a", 0)
    assert found is not None
    assert found.to_message()["content"] == [{"text": "gelöscht 😀"}]
    assert found.created_at == "2026-01-01T00:00:00+00:00"
    assert len(repository.list_messages(SESSION, "a")) == 1


def test_what_is_not_there(repository: ValkeySessionRepository) -> None:
    assert repository.read_session(SESSION) is None
    assert repository.read_agent(SESSION, "a") is None
    assert repository.read_message(SESSION, "a", 0) is None
    with pytest.raises(SessionException):
        repository.update_agent(SESSION, SessionAgent(agent_id="a", state={}, conversation_manager_state={}))
    with pytest.raises(SessionException):
        repository.update_message(SESSION, "a", SessionMessage({"role": "user", "content": []}, 0))


def test_an_expired_conversation_starts_anew(repository: ValkeySessionRepository, redis: fakeredis.FakeRedis) -> None:
    model = ScriptedModel(["one"], ["two"])
    talk(ConversationManager(SESSION, session_repository=repository), model, "I am Ada")
    redis.pexpire(f"deskside:{{{SESSION}}}", 1)
    time.sleep(0.01)
    talk(ConversationManager(SESSION, session_repository=repository), model, "Who am I?")
    assert texts(model.seen[1]) == ["Who am I?"]


def test_a_write_is_one_step(repository: ValkeySessionRepository, redis: fakeredis.FakeRedis) -> None:
    sent: list[str] = []
    execute = redis.execute_command
    redis.execute_command = lambda *words, **options: sent.append(str(words[0])) or execute(*words, **options)  # pyright: ignore[reportAttributeAccessIssue]
    repository.create_message(SESSION, "a", SessionMessage({"role": "user", "content": []}, 0))
    assert sent == ["EVAL"], "a crash between two commands would leave a key that is never forgotten"


def test_a_bucket_that_forgot_the_beginning() -> None:
    with mock_aws():
        bucket = boto3.resource("s3").create_bucket(Bucket="sessions")
        store = "s3://sessions/deskside/"
        model = ScriptedModel(*[[f"answer {n}"] for n in range(6)])
        for n in range(4):
            talk(session_manager(SESSION, store, TTL), model, f"prompt {n}")
        forgotten = ["message_0.json", "message_1.json", "message_2.json"]
        for summary in list(bucket.objects.all()):
            if summary.key.rpartition("/")[2] in forgotten:
                summary.delete()
        talk(session_manager(SESSION, store, TTL), model, "prompt 4")
        kept = ["prompt 2", "answer 2", "prompt 3", "answer 3", "prompt 4"]
        assert texts(model.seen[4]) == kept, "from the first prompt that is left"
        talk(session_manager(SESSION, store, TTL), model, "prompt 5")
        assert texts(model.seen[5]) == [*kept, "answer 4", "prompt 5"]


def test_messages_that_outlived_their_session_stay_before_the_new_ones() -> None:
    with mock_aws():
        bucket = boto3.resource("s3").create_bucket(Bucket="sessions")
        store = "s3://sessions/deskside/"
        model = ScriptedModel(*[[f"answer {n}"] for n in range(4)])
        for n in range(2):
            talk(session_manager(SESSION, store, TTL), model, f"prompt {n}")
        for summary in list(bucket.objects.all()):
            if summary.key.rpartition("/")[2] in {"session.json", "agent.json", "message_0.json"}:
                summary.delete()
        for n in (2, 3):
            talk(session_manager(SESSION, store, TTL), model, f"prompt {n}")
        assert texts(model.seen[2]) == ["prompt 2"]
        assert texts(model.seen[3]) == ["prompt 1", "answer 1", "prompt 2", "answer 2", "prompt 3"]


def test_a_bucket_keeps_a_session_that_is_in_use() -> None:
    with mock_aws():
        bucket = boto3.resource("s3").create_bucket(Bucket="sessions")
        model = ScriptedModel(["one"], ["two"])
        store = "s3://sessions/deskside"
        talk(session_manager(SESSION, store, TTL), model, "I am Ada")
        (before,) = [item for item in bucket.objects.all() if item.key.endswith("/session.json")]
        written, created = before.last_modified, json.loads(before.get()["Body"].read())["created_at"]
        time.sleep(1.1)
        talk(session_manager(SESSION, store, TTL), model, "Who am I?")
        (after,) = [item for item in bucket.objects.all() if item.key.endswith("/session.json")]
        assert after.last_modified > written
        assert json.loads(after.get()["Body"].read())["created_at"] == created


@pytest.mark.parametrize(
    ("forgotten", "offset", "left"), [(0, 3, [3, 4, 5]), (2, 3, [3, 4, 5]), (5, 3, [5]), (6, 3, [])]
)
def test_an_offset_counts_from_the_first_message_that_ever_was(forgotten: int, offset: int, left: list[int]) -> None:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="sessions")
        manager: Any = session_manager(SESSION, "s3://sessions/deskside", TTL)
        for number in range(forgotten, 6):
            manager.create_message(SESSION, "a", SessionMessage({"role": "user", "content": []}, number))
        assert [message.message_id for message in manager.list_messages(SESSION, "a", offset=offset)] == left


def said(text: str) -> Message:
    return {"role": "user", "content": [{"text": text}]}


def answered(*content: ContentBlock) -> Message:
    return {"role": "assistant", "content": list(content)}


def used(use_id: str) -> ContentBlock:
    return {"toolUse": {"toolUseId": use_id, "name": "get_vpn_status", "input": {}}}


def result(use_id: str) -> ContentBlock:
    return {"toolResult": {"toolUseId": use_id, "status": "success", "content": [{"text": "connected"}]}}


CUT_OFF: dict[str, list[Message]] = {
    "a prompt without an answer": [said("first")],
    "an answered turn, then a prompt": [said("first"), answered({"text": "one"}), said("second")],
    "two prompts": [said("first"), said("second"), answered({"text": "two"})],
    "three prompts": [said("first"), said("second"), said("third")],
    "a tool use at the end": [said("first"), answered({"text": "Looking"}, used("u1"))],
    "two tool uses at the end": [said("first"), answered(used("u1"), used("u2"))],
    "a tool use in the middle": [said("first"), answered(used("u1")), said("second"), answered({"text": "two"})],
    "half of the results": [
        said("first"),
        answered(used("u1"), used("u2")),
        {"role": "user", "content": [result("u1")]},
    ],
    "results without an answer": [said("first"), answered(used("u1")), {"role": "user", "content": [result("u1")]}],
    "results, then a prompt": [
        said("first"),
        answered(used("u1")),
        {"role": "user", "content": [result("u1")]},
        said("second"),
    ],
    "an empty answer": [said("first"), answered()],
    "an empty answer in the middle": [said("first"), answered(), said("second"), answered({"text": "two"})],
}


@pytest.mark.parametrize("store", ["valkey"], indirect=True)
@pytest.mark.parametrize(
    "beginning",
    [
        [answered({"text": "lost"})],
        [{"role": "user", "content": [result("u1")]}, answered({"text": "lost"})],
        [answered(used("u1")), {"role": "user", "content": [result("u1")]}, answered({"text": "lost"})],
    ],
)
def test_a_history_begins_with_a_prompt(store: str, beginning: list[Message]) -> None:
    written = Agent(
        model=ScriptedModel(), agent_id="a", session_manager=session_manager(SESSION, store, TTL), callback_handler=None
    )
    for message in [*beginning, said("kept"), answered({"text": "too"})]:
        cast(Any, written)._session_manager.append_message(message, written)
    model = ScriptedModel(["Here you are"])
    talk(session_manager(SESSION, store, TTL), model, "next")
    assert texts(model.seen[0]) == ["kept", "too", "next"]


@pytest.mark.parametrize("store", ["valkey"], indirect=True)
@pytest.mark.parametrize("history", CUT_OFF.values(), ids=CUT_OFF.keys())
def test_a_history_that_was_cut_off_is_repaired(store: str, history: list[Message]) -> None:
    repairs(store, history)


def test_every_store_repairs(store: str) -> None:
    repairs(store, CUT_OFF["a tool use at the end"])


def repairs(store: str, history: list[Message]) -> None:
    """A session with this history goes on."""
    written = Agent(
        model=ScriptedModel(), agent_id="a", session_manager=session_manager(SESSION, store, TTL), callback_handler=None
    )
    manager = cast(Any, written)._session_manager
    for message in history:
        manager.append_message(message, written)
    # The model refuses what Bedrock would refuse.
    model = ScriptedModel(["Here you are"], ["And again"])
    talk(session_manager(SESSION, store, TTL), model, "next")
    talk(session_manager(SESSION, store, TTL), model, "last")
    for line in texts(history):
        assert line in texts(model.seen[0])
    assert texts(model.seen[1])[-3:] == ["next", "Here you are", "last"]


def test_the_end_of_a_repair_is_stored(store: str) -> None:
    failing = ScriptedModel([RuntimeError("boom")])
    with pytest.raises(RuntimeError):
        talk(session_manager(SESSION, store, TTL), failing, "first")
    model = ScriptedModel(["two"], ["three"])
    for prompt in ("second", "third"):
        talk(session_manager(SESSION, store, TTL), model, prompt)
    assert texts(model.seen[1]) == ["first", memory.CUT_OFF, "second", "two", "third"]
    stored = session_manager(SESSION, store, TTL).session_repository.list_messages(SESSION, "a")
    assert [message.message["role"] for message in stored] == ["user", "assistant"] * 3


def test_a_sound_history_is_left_alone(store: str) -> None:
    model = ScriptedModel(["one"], ["two"])
    talk(session_manager(SESSION, store, TTL), model, "first")
    agent = talk(session_manager(SESSION, store, TTL), model, "second")
    assert [message["role"] for message in agent.messages] == ["user", "assistant"] * 2
