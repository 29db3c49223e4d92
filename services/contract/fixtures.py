"""Golden messages: one valid example or more of every message, for any client to test against."""

from __future__ import annotations

from services.contract.errors import ErrorCode
from services.contract.messages import (
    Activity,
    ActivityData,
    Answer,
    AnswerData,
    AnswerDelta,
    AnswerDeltaData,
    Cause,
    ChatAccepted,
    ChatAcceptedData,
    Error,
    Message,
    Place,
    Pong,
    Ready,
    ReadyData,
    Refusal,
    callback_request,
    client_action,
)
from services.contract.tools import REGISTRY, Pattern

SESSION = "abc-123"
REQUEST = "req-1"
CALLBACK = "cb-00112233445566778899aabbccddeeff"
CALL = "call-00112233445566778899aabbccddeeff"

JsonObject = dict[str, object]


def client_fixtures() -> dict[str, JsonObject]:
    """What a client sends, by fixture name."""
    fixtures: dict[str, JsonObject] = {
        "hello": {
            "action": "hello",
            "session_id": SESSION,
            "protocol_versions": [1],
            "capabilities": [tool.action for tool in REGISTRY.tools],
            "client": {"name": "Deskside for Mac", "version": "1.0"},
        },
        "hello_minimal": {"action": "hello", "session_id": SESSION, "protocol_versions": [1]},
        "chat": {"action": "chat", "prompt": "What's my VPN status?", "session_id": SESSION},
        "chat_with_request_id": {
            "action": "chat",
            "prompt": "Analyze my VPN logs — bitte 🙂",
            "session_id": SESSION,
            "request_id": REQUEST,
        },
        "ping": {"action": "ping"},
        "unknown_fields": {"action": "chat", "prompt": "Hi", "session_id": SESSION, "from_the_future": {"a": [1]}},
    }
    for tool in REGISTRY.tools:
        if tool.pattern is Pattern.CALLBACK:
            fixtures[f"async_callback_{tool.name}"] = {
                "action": "async_callback",
                "callback_id": CALLBACK,
                "content": tool.example_content,
            }
    for refusal in Refusal:
        fixtures[f"async_callback_{refusal.value}"] = {
            "action": "async_callback",
            "callback_id": CALLBACK,
            "error": {"code": refusal.value, "message": "Why, in one sentence for the person."},
        }
    return fixtures


def _place(seq: int) -> Place:
    return Place(request_id=REQUEST, session_id=SESSION, seq=seq)


def server_fixtures() -> dict[str, JsonObject]:
    """What a client receives, by fixture name."""
    pushes: dict[str, JsonObject] = {}
    for tool in REGISTRY.tools:
        arguments = dict(tool.example)
        if tool.pattern is Pattern.FIRE_AND_FORGET:
            pushes[f"push_{tool.name}"] = client_action(tool, arguments, CALL)
            pushes[f"push_{tool.name}_original"] = tool.push(arguments)
        else:
            pushes[f"push_{tool.name}"] = callback_request(tool, arguments, CALLBACK, float(tool.callback_timeout or 0))
            pushes[f"push_{tool.name}_original"] = tool.push(arguments, CALLBACK)
    waiting = [push for name, push in pushes.items() if "callback_id" in push and not name.endswith("_original")]
    events: dict[str, Message] = {
        "ready": Ready(data=ReadyData(session_id=SESSION, protocol_version=1, expires_in=3540)),
        "ready_with_pending": Ready(
            data=ReadyData(session_id=SESSION, protocol_version=1, expires_in=3540, pending=waiting)
        ),
        "pong": Pong(),
        "chat_queued": ChatAccepted(data=ChatAcceptedData(**_place(0), status="queued", position=2)),
        "chat_accepted": ChatAccepted(data=ChatAcceptedData(**_place(0), status="accepted")),
        "activity_started": Activity(
            data=ActivityData(
                **_place(1),
                tool="get_vpn_status",
                tool_call_id=CALL,
                status="started",
                message="Asked your Mac for its VPN status",
            )
        ),
        "activity_finished": Activity(
            data=ActivityData(
                **_place(2),
                tool="get_vpn_status",
                tool_call_id=CALL,
                status="finished",
                message="Asked your Mac for its VPN status",
                outcome="connected",
            )
        ),
        "answer_delta": AnswerDelta(data=AnswerDeltaData(**_place(3), text="Your VPN is **conn")),
        "answer": Answer(data=AnswerData(**_place(5), text="Your VPN is **connected**. 🙂\n")),
        "answer_truncated": Answer(data=AnswerData(**_place(900), text="A very long answer…", truncated=True)),
    }
    for code in ErrorCode:
        about = Cause(callback_id=CALLBACK) if code.value.startswith("callback_") else Cause(request_id=REQUEST)
        events[f"error_{code.value}"] = Error.of(code, **about)
    dumped: dict[str, JsonObject] = {
        name: event.model_dump(mode="json", exclude_none=True) for name, event in events.items()
    }
    future: dict[str, JsonObject] = {
        "event_from_the_future": {"event": "not_yet_invented", "data": {"x": 1}},
        "answer_with_unknown_fields": {**dumped["answer"], "trace": {"id": "1-abc"}},
    }
    return {**pushes, **dumped, **future}
