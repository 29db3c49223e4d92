"""The wire protocol, version 1: every message a client and the server exchange.

The original demo's shapes are kept to the letter; what was added follows their style.
Unknown fields are ignored on both sides, so a newer peer never breaks an older one.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal, TypedDict, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model, model_validator
from typing_extensions import Unpack

from services.contract.errors import MEANINGS, ErrorCode
from services.contract.limits import (
    MAX_MESSAGE_BYTES,
    MAX_PROMPT_CHARACTERS,
    MAX_REASON_CHARACTERS,
    PROTOCOL_VERSION,
)
from services.contract.tools import PYTHON_TYPES, REGISTRY, ArgumentValue, Pattern, Tool

SessionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
"""The client's own name for a conversation. AWS sees one derived from it and the person."""

MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=-]{1,64}$")]
"""An id chosen by a client (or, in its absence, by API Gateway) for one prompt."""

CallbackId = Annotated[str, StringConstraints(pattern=r"^cb-[0-9a-f]{32}$")]
"""The name of one request to the Mac, single use."""


class Message(BaseModel):
    """Base of every wire message: strict types, unknown fields ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


# Client to server


class ClientInfo(Message):
    """Who is speaking, for the operator's logs."""

    name: Annotated[str, StringConstraints(max_length=64)] = "unknown"
    version: Annotated[str, StringConstraints(max_length=32)] = "0"


class Hello(Message):
    """First message of a client: what it speaks and what its Mac can do. Answered by `ready`."""

    action: Literal["hello"]
    session_id: SessionName
    protocol_versions: Annotated[list[int], Field(min_length=1, max_length=16)]
    capabilities: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=64)] | None = None
    """The push actions this client can carry out; absent means all of them."""
    client: ClientInfo = ClientInfo()


class Chat(Message):
    """A prompt. Answered by `chat_accepted`, then deltas, then one `answer` or one `error`."""

    action: Literal["chat"]
    prompt: Annotated[str, StringConstraints(max_length=MAX_PROMPT_CHARACTERS, pattern=r"\S")]
    session_id: SessionName
    request_id: MessageId | None = None
    """Names this prompt in everything that follows. While the agent keeps the session, the same id is
    not run twice: sent again, a finished turn's end is repeated."""


class Refusal(StrEnum):
    """Why a client did not do what it was asked."""

    DECLINED = "declined"
    NOT_INSTALLED = "not_installed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


class CallbackFailure(Message):
    """The refusal form of an answer."""

    code: Refusal
    message: Annotated[str, StringConstraints(max_length=MAX_REASON_CHARACTERS)] = ""

    # Enum members arrive as JSON strings, which strict mode would refuse.
    model_config = ConfigDict(strict=False, extra="ignore", frozen=True)


class AsyncCallback(Message):
    """The Mac's answer to a request: its content, or why there is none."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        frozen=True,
        json_schema_extra={
            "oneOf": [
                {"required": ["content"], "properties": {"content": {"type": "string"}}},
                {"required": ["error"], "properties": {"error": {"type": "object"}}},
            ]
        },
    )

    action: Literal["async_callback"]
    callback_id: CallbackId
    # Without any constraint pydantic would let lone surrogates through, which are no UTF-8.
    content: Annotated[str, StringConstraints(max_length=MAX_MESSAGE_BYTES)] | None = None
    error: CallbackFailure | None = None

    @model_validator(mode="after")
    def _one_of(self) -> AsyncCallback:
        if (self.content is None) == (self.error is None):
            raise ValueError("exactly one of content and error is needed")
        return self


class Ping(Message):
    """Keeps an idle connection open. Answered by `pong`."""

    action: Literal["ping"]


ClientMessage = Hello | Chat | AsyncCallback | Ping
CLIENT_MESSAGES: dict[str, type[Hello] | type[Chat] | type[AsyncCallback] | type[Ping]] = {
    "hello": Hello,
    "chat": Chat,
    "async_callback": AsyncCallback,
    "ping": Ping,
}
"""The routes a client can use, by `action`."""


# Server to client: requests to the Mac


def _push_model(tool: Tool) -> type[Message]:
    """The model of the push that a declared tool sends."""
    fields: dict[str, Any] = {"action": (Literal[tool.action], ...)}
    for argument in tool.arguments:
        if argument.name in tool.forwards:
            plain: Any = str if argument.type == "array" else PYTHON_TYPES[argument.type][0]
            kind: Any = Literal[argument.allowed] if argument.allowed else plain
            kind = list[kind] if argument.type == "array" else kind
            fields[argument.name] = (kind, ...) if argument.required else (kind | None, None)
    title = "".join(part.title() for part in tool.action.split("_"))
    if tool.pattern is Pattern.FIRE_AND_FORGET:
        fields["action_id"] = (str | None, Field(None, description="Names this command; the same id is obeyed once."))
        data = create_model(f"{title}Data", __base__=Message, **fields)
        outer: dict[str, Any] = {"event": (Literal["client_action"], ...), "data": (data, ...)}
        return create_model(title, __base__=Message, __doc__=tool.description, **outer)
    fields["callback_id"] = (CallbackId, ...)
    fields["expires_in"] = (float | None, Field(None, description="Seconds left to answer; then nobody waits for it."))
    return create_model(title, __base__=Message, __doc__=tool.description, **fields)


PUSHES: dict[str, type[Message]] = {tool.name: _push_model(tool) for tool in REGISTRY.tools}
"""The push of every tool, by tool name."""


def client_action(tool: Tool, arguments: dict[str, ArgumentValue], action_id: str) -> dict[str, object]:
    """The push of a fire-and-forget tool."""
    push = tool.push(arguments)
    cast(dict[str, object], push["data"])["action_id"] = action_id
    return push


def callback_request(
    tool: Tool, arguments: dict[str, ArgumentValue], callback_id: str, expires_in: float
) -> dict[str, object]:
    """The push of a callback tool."""
    return {**tool.push(arguments, callback_id), "expires_in": round(max(expires_in, 0.0), 1)}


# Server to client: events


class ReadyData(Message):
    session_id: SessionName
    protocol_version: int
    expires_in: int
    """Seconds until this connection's token expires: reconnect with a fresh one before."""
    pending: list[dict[str, object]] = []
    """Requests still waiting for this client, oldest first, each as it was pushed."""


class Ready(Message):
    """The answer to `hello`."""

    event: Literal["ready"] = "ready"
    data: ReadyData


class PongData(Message):
    pass


class Pong(Message):
    """The answer to `ping`."""

    event: Literal["pong"] = "pong"
    data: PongData = PongData()


class TurnData(Message):
    """Names a turn and the place of this event in it, without gaps from 0."""

    request_id: str
    session_id: SessionName
    seq: int


class Place(TypedDict):
    """The arguments every turn event's data is built with."""

    request_id: str
    session_id: str
    seq: int


class ChatAcceptedData(TurnData):
    status: Literal["accepted", "queued"]
    position: int = 0
    """Prompts before this one; 0 when it is being worked on."""


class ChatAccepted(Message):
    """The prompt is with the agent. A queued prompt gets a second one when its turn begins."""

    event: Literal["chat_accepted"] = "chat_accepted"
    data: ChatAcceptedData


class ActivityData(TurnData):
    tool: str
    tool_call_id: str
    status: Literal["started", "finished"]
    message: str
    """For the person: what is happening, or how it ended."""
    outcome: str | None = None
    """The `status` of the tool's result once it has finished."""


class Activity(Message):
    """What the agent is doing right now."""

    event: Literal["activity"] = "activity"
    data: ActivityData


class AnswerDeltaData(TurnData):
    text: str


class AnswerDelta(Message):
    """A piece of the answer as it is written."""

    event: Literal["answer_delta"] = "answer_delta"
    data: AnswerDeltaData


class AnswerData(TurnData):
    text: str
    truncated: bool = False
    """True when the whole text did not fit one frame: then the deltas are the whole answer."""


class Answer(Message):
    """The whole answer, once, at the end of a turn."""

    event: Literal["answer"] = "answer"
    data: AnswerData


class ErrorData(Message):
    code: ErrorCode
    message: str
    retryable: bool
    request_id: str | None = None
    """The prompt this is about."""
    callback_id: str | None = None
    """The answer this is about."""
    session_id: SessionName | None = None
    seq: int | None = None
    """The place in its turn, when it ends one."""
    detail: str | None = None


class Cause(TypedDict, total=False):
    """What a client sent that an error is about."""

    request_id: str | None
    callback_id: str | None


class About(Cause, total=False):
    """What an error can say besides its code."""

    session_id: str | None
    seq: int | None
    detail: str | None


class Error(Message):
    """Something the client sent could not be done; says what caused it."""

    event: Literal["error"] = "error"
    data: ErrorData

    @classmethod
    def of(cls, code: ErrorCode, **about: Unpack[About]) -> Error:
        """The error for a code, with its declared message; `about` names what caused it."""
        meaning = MEANINGS[code]
        return cls(data=ErrorData(code=code, message=meaning.message, retryable=meaning.retryable, **about))


ServerEvent = Ready | Pong | ChatAccepted | Activity | AnswerDelta | Answer | Error
SERVER_EVENTS: dict[str, type[Message]] = {
    "ready": Ready,
    "pong": Pong,
    "chat_accepted": ChatAccepted,
    "activity": Activity,
    "answer_delta": AnswerDelta,
    "answer": Answer,
    "error": Error,
}
"""The events a client can receive, by `event`; `client_action` pushes are in PUSHES."""

SPOKEN_VERSIONS = frozenset({PROTOCOL_VERSION})


def encode(message: Message | dict[str, object]) -> bytes:
    """One wire message as compact UTF-8 JSON."""
    plain = message.model_dump(mode="json", exclude_none=True) if isinstance(message, Message) else message
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    # A model can write a lone surrogate; it must not cost the whole message.
    return text.encode(errors="replace")
