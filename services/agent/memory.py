"""Session memory: what was said in a conversation, kept through Strands' session repositories.

Chosen by `SESSION_STORE`: `valkey://` or `valkeys://` (see `valkey_client`), `s3://bucket/prefix`,
`file:///folder`. A turn may end before it is answered; its history is repaired when the session is
restored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from strands.session import FileSessionManager, RepositorySessionManager, S3SessionManager, SessionRepository
from strands.types.agent import LocalAgent
from strands.types.content import ContentBlock, Message
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage
from typing_extensions import override

from services.agent.valkey_client import HashStore, connect

CUT_OFF = "(I was cut off before I could answer this.)"
"""Stands where an answer or a tool result should be."""


WRITE = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
"""Writes a field and renews the TTL in one step: a key must never be left without one, and the cluster
client has no transactions."""


class ValkeySessionRepository(SessionRepository):
    """A Strands session repository in Valkey or Redis.

    One hash a session, so that every command touches one key: no CROSSSLOT in cluster mode, no
    SCAN, and one TTL, renewed by every write (ElastiCache Serverless evicts only keys with one).

    Args:
        client: a synchronous client; Strands restores sessions in a thread of its own.
        ttl_seconds: how long a conversation is remembered after its last message.
    """

    def __init__(self, client: HashStore, ttl_seconds: int) -> None:
        self._client = client
        self._ttl = ttl_seconds

    @override
    def create_session(self, session: Session, **kwargs: Any) -> Session:
        self._write(session.session_id, "session", session.to_dict())
        return session

    @override
    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        found = self._read(session_id, "session")
        return None if found is None else Session.from_dict(found)

    @override
    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        self._write(session_id, f"agent:{session_agent.agent_id}", session_agent.to_dict())

    @override
    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        found = self._read(session_id, f"agent:{agent_id}")
        return None if found is None else SessionAgent.from_dict(found)

    @override
    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        previous = self.read_agent(session_id, session_agent.agent_id)
        if previous is None:
            raise SessionException(f"agent {session_agent.agent_id} is not in this session")
        session_agent.created_at = previous.created_at
        self.create_agent(session_id, session_agent)

    @override
    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        self._write(session_id, _message_field(agent_id, session_message.message_id), session_message.to_dict())

    @override
    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        found = self._read(session_id, _message_field(agent_id, message_id))
        return None if found is None else SessionMessage.from_dict(found)

    @override
    def update_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        previous = self.read_message(session_id, agent_id, session_message.message_id)
        if previous is None:
            raise SessionException(f"message {session_message.message_id} is not in this session")
        session_message.created_at = previous.created_at
        self.create_message(session_id, agent_id, session_message)

    @override
    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        everything = cast(Mapping[object, object], self._client.hgetall(_key(session_id)))
        prefix = _message_field(agent_id, "")
        found = [
            SessionMessage.from_dict(cast(dict[str, Any], json.loads(_text(value))))
            for name, value in everything.items()
            if _text(name).startswith(prefix)
        ]
        found.sort(key=lambda message: message.message_id)
        return found[offset : None if limit is None else offset + limit]

    def _write(self, session_id: str, field: str, value: dict[str, Any]) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self._client.eval(WRITE, 1, _key(session_id), field, text, str(self._ttl))

    def _read(self, session_id: str, field: str) -> dict[str, Any] | None:
        value = self._client.hget(_key(session_id), field)
        return None if value is None else cast(dict[str, Any], json.loads(_text(value)))


class ConversationManager(RepositorySessionManager):
    """Restores histories that Bedrock accepts, whatever became of the turns before.

    A turn that failed or ran out of time leaves a prompt, a tool use or its result unanswered.
    Strands answers the tool uses, yet leaves two user messages in a row, and Bedrock then refuses
    every further turn: "A conversation must alternate between user and assistant roles".
    """

    @override
    def initialize(self, agent: LocalAgent, **kwargs: Any) -> None:
        super().initialize(agent, **kwargs)
        agent.messages[:] = _alternating(_from_first_prompt(agent.messages))
        for message in _missing_end(agent.messages):
            agent.messages.append(message)
            self.append_message(message, agent)


class _S3ConversationManager(ConversationManager, S3SessionManager):
    """The bucket forgets each object by its own age, so a long conversation loses its beginning."""

    @override
    def initialize(self, agent: LocalAgent, **kwargs: Any) -> None:
        super().initialize(agent, **kwargs)
        if self._latest_agent_message[agent.agent_id] is None:
            # S3 deletes in no order: messages may outlive the session they belong to. Those to come stay behind them.
            left = self.list_messages(self.session_id, agent.agent_id)
            self._latest_agent_message[agent.agent_id] = left[-1] if left else None

    @override
    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        # Written only once otherwise: without it Strands begins anew and numbers messages from 0 again.
        session = super().read_session(session_id, **kwargs)
        if session is not None:
            self._write_s3_object(f"{self._get_session_path(session_id)}session.json", session.to_dict())
        return session

    @override
    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        # Strands counts `offset` from message 0, S3SessionManager from the first that is left.
        if offset:
            first = super().list_messages(session_id, agent_id, limit=1)
            offset = max(0, offset - first[0].message_id) if first else 0
        return super().list_messages(session_id, agent_id, limit, offset, **kwargs)


class _FileConversationManager(ConversationManager, FileSessionManager):
    pass


def _from_first_prompt(messages: list[Message]) -> list[Message]:
    """The messages from the first one that a conversation may begin with; none precede it if all are there."""
    for index, message in enumerate(messages):
        if message["role"] == "user" and not any("toolResult" in block for block in message["content"]):
            return messages[index:]
    return []


def _alternating(messages: list[Message]) -> list[Message]:
    """The messages, with an answer put between two of the user's."""
    whole: list[Message] = []
    for message in messages:
        if whole and whole[-1]["role"] == message["role"] == "user":
            whole.append({"role": "assistant", "content": [{"text": CUT_OFF}]})
        whole.append(message)
    return whole


def _missing_end(messages: list[Message]) -> list[Message]:
    """What is missing at the end of a history until the next prompt may follow."""
    if not messages:
        return []
    missing: list[Message] = []
    results: list[ContentBlock] = [
        {"toolResult": {"toolUseId": block["toolUse"]["toolUseId"], "status": "error", "content": [{"text": CUT_OFF}]}}
        for block in messages[-1]["content"]
        if "toolUse" in block
    ]
    if results:
        missing.append({"role": "user", "content": results})
    if results or messages[-1]["role"] == "user":
        missing.append({"role": "assistant", "content": [{"text": CUT_OFF}]})
    return missing


def session_manager(session_id: str, store: str, ttl_seconds: int) -> RepositorySessionManager:
    """The session manager of one conversation, restored from `store` when an agent is built.

    Raises:
        ValueError: when `store` is not one of the schemes above.
    """
    parts = urlsplit(store)
    match parts.scheme:
        case "valkey" | "valkeys":
            repository = ValkeySessionRepository(connect(store), ttl_seconds)
            return ConversationManager(session_id, session_repository=repository)
        case "s3":
            return _S3ConversationManager(session_id, bucket=parts.netloc, prefix=parts.path.strip("/"))
        case "file":
            return _FileConversationManager(session_id, storage_dir=parts.path)
        case _:
            raise ValueError(f"SESSION_STORE: {parts.scheme}:// is not one of valkey, valkeys, s3, file")


def _key(session_id: str) -> str:
    # The braces make the session the hash tag, should a session ever need a second key.
    return f"deskside:{{{session_id}}}"


def _message_field(agent_id: str, message_id: int | str) -> str:
    return f"message:{agent_id}:{message_id}"


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
