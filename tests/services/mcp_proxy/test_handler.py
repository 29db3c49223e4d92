"""The durable function: suspended while it waits, resumed with the answer, one push in all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_durable_execution_sdk_python.lambda_service import ErrorObject
from botocore.exceptions import ReadTimeoutError

from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from services.contract.limits import MAX_RESULT_BYTES, TIMEOUTS
from services.contract.results import SENTENCES, Failure
from services.contract.settings import SettingsError
from services.contract.tools import REGISTRY
from services.mcp_proxy import handler as module
from services.stores.requests import PendingRequests, Status, wire_id
from tests.services.fakes import SESSION, FakeSockets, Online
from tests.services.mcp_proxy.conftest import TRUSTED, Proxy, SandboxKilledError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CONNECTED = '{"vpn_status": "connected"}'
STATUS_RESULT = {"status": "connected", "message": "VPN status retrieved from client."}


def failed(kind: Failure, **more: str) -> dict[str, Any]:
    return {"status": kind.value, "message": SENTENCES[kind], **more}


# Fire and forget


@pytest.mark.parametrize("command", ["connect_vpn", "disconnect_vpn"])
def test_a_command_is_pushed_once_and_nothing_is_waited_for(
    proxy: Proxy, sockets: FakeSockets, online: Online, command: str
) -> None:
    online("conn=")
    call = proxy.call(command=command)
    assert call.result() == {"status": "sent_to_client"}
    data = {"action": "run_client_command", "command": command, "action_id": "call-1"}
    assert sockets.pushed == [("conn=", {"event": "client_action", "data": data})]
    assert call.steps() == [("STEP", "push")]
    assert proxy.invocations == 1


def test_a_command_for_nobody(proxy: Proxy, sockets: FakeSockets) -> None:
    call = proxy.call(command="connect_vpn")
    assert call.result() == failed(Failure.CLIENT_OFFLINE)
    assert call.steps() == [("STEP", "push")]


def test_a_command_the_client_cannot_carry_out(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=", capabilities=frozenset({"get_vpn_status"}))
    assert proxy.call(command="connect_vpn").result() == failed(Failure.FAILED, reason="unsupported_by_client")
    assert sockets.attempts == []


def test_a_command_that_may_have_arrived_is_not_repeated(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=")
    sockets.failures.append(ReadTimeoutError(endpoint_url="x"))
    result = proxy.call(command="connect_vpn").result()
    assert (result["status"], result["reason"]) == ("failed", "delivery_unconfirmed")
    assert len(sockets.attempts) == 1


# Callback tools


def test_a_request_suspends_and_resumes_with_the_answer(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=")
    call = proxy.call(query="vpn_status")
    request = call.request()
    assert proxy.invocations == 1
    assert call.answered(CONNECTED) == STATUS_RESULT
    # Replayed from the top, and yet one push.
    assert proxy.invocations == 2
    assert len(sockets.pushed) == 1
    push = sockets.messages[0]
    assert 29 < push.pop("expires_in") <= 30
    assert push == {"action": "get_vpn_status", "callback_id": request.callback_id}
    assert call.steps() == [("CALLBACK", "answer"), ("STEP", "push")]


@pytest.mark.parametrize("log_type", ["vpn", "network", "system"])
def test_logs_come_back_to_the_letter(proxy: Proxy, sockets: FakeSockets, online: Online, log_type: str) -> None:
    online("conn=")
    call = proxy.call(log_type=log_type)
    callback_id = call.request().callback_id
    logs = '  >> state: Connected\n{"status": "declined"} grüße 🙂\n'
    assert call.answered(logs) == {
        "status": "logs_received",
        "log_data": logs,
        "message": "Please analyze the log_data for issues.",
    }
    [push] = sockets.messages
    assert push.pop("expires_in") == TIMEOUTS.callback
    assert push == {"action": "request_logs", "log_type": log_type, "callback_id": callback_id}


def test_the_record_names_the_durable_callback_which_the_mac_never_sees(
    proxy: Proxy, sockets: FakeSockets, online: Online
) -> None:
    online("conn=")
    call = proxy.call(query="vpn_status")
    durable, request = call.suspended(), call.request()
    assert request.durable_callback_id == durable
    assert request.callback_id == wire_id(durable)
    assert (request.tool, request.request_id, request.tool_call_id) == ("get_vpn_status", "req-1", "call-1")
    assert durable not in json.dumps(sockets.messages)
    call.answered(CONNECTED)


def test_two_calls_of_one_turn_have_callbacks_of_their_own(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=")
    one, two = proxy.call(query="vpn_status"), proxy.call(log_type="vpn", tool_call_id="call-2")
    assert one.suspended() != two.suspended()
    assert two.answered("logs")["log_data"] == "logs"
    assert one.answered(CONNECTED) == STATUS_RESULT
    assert len({message["callback_id"] for message in sockets.messages}) == 2


def test_an_answer_counts_although_nobody_was_there_to_be_asked(proxy: Proxy, sockets: FakeSockets) -> None:
    """The Mac connects later and finds the request in `ready`."""
    call = proxy.call(query="vpn_status")
    assert call.request().tool == "get_vpn_status"
    assert sockets.attempts == []
    assert call.answered(CONNECTED) == STATUS_RESULT


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("declined", failed(Failure.DECLINED)),
        ("not_installed", failed(Failure.FAILED, reason="not_installed")),
        ("failed", failed(Failure.FAILED, reason="failed_on_client")),
        ("timed_out", failed(Failure.TIMED_OUT, reason="timed_out_on_client")),
    ],
)
@pytest.mark.parametrize("message", ["", "Nicht jetzt 🙂"])
def test_refusals(
    *, proxy: Proxy, sockets: FakeSockets, online: Online, code: str, result: dict[str, Any], message: str
) -> None:
    online("conn=")
    call = proxy.call(query="vpn_status")
    expected = {**result, "detail": message} if message else result
    assert call.refused(code, message) == expected
    assert len(sockets.pushed) == 1


@pytest.mark.parametrize(
    "error",
    [
        None,
        ErrorObject(message="stopped by an operator", type="Stopped", data=None, stack_trace=None),
        ErrorObject(message="x", type="declined", data="not json", stack_trace=None),
        ErrorObject(message="x", type="declined", data='{"code": "unheard_of"}', stack_trace=None),
    ],
)
def test_a_failure_ws_manager_did_not_write(proxy: Proxy, online: Online, error: ErrorObject | None) -> None:
    online("conn=")
    call = proxy.call(query="vpn_status")
    assert call.failed(call.suspended(), error) == failed(Failure.FAILED)


# Nobody answers


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("there", [True, False])
def test_a_timeout_says_whether_the_mac_was_there(
    proxy: Proxy, sockets: FakeSockets, online: Online, pending: PendingRequests, there: bool
) -> None:
    if there:
        online("conn=")
    call = proxy.call(log_type="vpn")
    durable = call.suspended()
    assert call.result() == failed(Failure.TIMED_OUT if there else Failure.CLIENT_OFFLINE)
    assert call.steps() == [("CALLBACK", "answer"), ("STEP", "push"), ("STEP", "withdraw")]
    assert [message["expires_in"] for message in sockets.messages] == ([1.0] if there else [])
    row = pending.get(SESSION, wire_id(durable))
    assert row is not None
    assert row.status is Status.CLOSED


@pytest.mark.usefixtures("impatient")
def test_an_unconfirmed_push_is_waited_for_and_may_time_out(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=")
    sockets.failures.append(ReadTimeoutError(endpoint_url="x"))
    assert proxy.call(query="vpn_status").result() == failed(Failure.TIMED_OUT)
    assert len(sockets.attempts) == 1


def test_an_unconfirmed_push_may_be_answered(proxy: Proxy, sockets: FakeSockets, online: Online) -> None:
    online("conn=")
    sockets.failures.append(ReadTimeoutError(endpoint_url="x"))
    assert proxy.call(query="vpn_status").answered(CONNECTED) == STATUS_RESULT
    assert len(sockets.attempts) == 1


# Failures at once: the callback is not waited for


def test_a_capability_the_client_left_out(
    proxy: Proxy, sockets: FakeSockets, online: Online, pending: PendingRequests
) -> None:
    online("conn=", capabilities=frozenset({"get_vpn_status"}))
    call = proxy.call(log_type="vpn")
    assert call.result() == failed(Failure.FAILED, reason="unsupported_by_client")
    assert call.steps() == [("CALLBACK", "answer"), ("STEP", "push"), ("STEP", "withdraw")]
    assert sockets.attempts == []
    assert pending.waiting(SESSION) == []


@pytest.mark.parametrize("table", [REQUESTS_TABLE, CONNECTIONS_TABLE])
def test_a_push_that_fails_is_not_waited_for(
    *,
    proxy: Proxy,
    sockets: FakeSockets,
    online: Online,
    dynamodb: DynamoDBClient,
    pending: PendingRequests,
    table: str,
) -> None:
    online("conn=")
    dynamodb.delete_table(TableName=table)
    call = proxy.call(log_type="vpn")
    result = call.result()
    assert (result["status"], result["reason"]) == ("failed", "delivery_unconfirmed")
    assert sockets.attempts == []
    assert call.steps() == [("CALLBACK", "answer"), ("STEP", "push"), ("STEP", "withdraw")]
    assert proxy.invocations == 1
    if table == CONNECTIONS_TABLE:
        assert pending.waiting(SESSION) == []


def test_a_command_whose_push_fails(proxy: Proxy, dynamodb: DynamoDBClient) -> None:
    dynamodb.delete_table(TableName=CONNECTIONS_TABLE)
    result = proxy.call(command="connect_vpn").result()
    assert (result["status"], result["reason"]) == ("failed", "delivery_unconfirmed")


@pytest.mark.parametrize("arguments", [{"command": "connect_vpn"}, {"log_type": "vpn"}])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_that_was_cut_off_is_not_repeated(
    *,
    proxy: Proxy,
    sockets: FakeSockets,
    online: Online,
    pending: PendingRequests,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, str],
    when: str,
) -> None:
    """The process dies in the middle of the step; the next one cannot know how far it came."""
    online("conn=")
    post, posts = FakeSockets.post_to_connection, list[str]()

    def killed(fake: FakeSockets, **push: Any) -> Any:
        posts.append(when)
        if when == "after":
            post(fake, **push)
        raise SandboxKilledError

    monkeypatch.setattr(FakeSockets, "post_to_connection", killed)
    result = proxy.call(**arguments).result()
    assert (result["status"], result["reason"]) == ("failed", "delivery_unconfirmed")
    assert proxy.invocations == 2
    assert posts == [when]
    assert pending.waiting(SESSION) == []


# Answers that are none


@pytest.mark.parametrize("content", ["", "connected", '{"vpn_status": "fine"}', "[]"])
def test_a_malformed_answer(proxy: Proxy, online: Online, content: str) -> None:
    online("conn=")
    result = proxy.call(query="vpn_status").answered(content)
    assert (result["status"], result["reason"]) == ("failed", "malformed_answer")
    assert "fine" not in json.dumps(result)


def test_an_answer_without_content(proxy: Proxy, online: Online) -> None:
    online("conn=")
    call = proxy.call(log_type="vpn")
    proxy.runner.send_callback_success(call.suspended(), None)
    assert call.result() == failed(Failure.FAILED, reason="malformed_answer")


def test_a_result_over_the_limit(proxy: Proxy, online: Online) -> None:
    online("conn=")
    envelope = len(json.dumps({"status": "logs_received", "log_data": "", "message": "x" * 39}))
    most = MAX_RESULT_BYTES - envelope
    fits = proxy.call(log_type="vpn").answered("x" * most)
    assert fits["status"] == "logs_received"
    # Bytes count, not characters.
    result = proxy.call(log_type="vpn").answered("x" * (most - 1) + "ü")
    assert (result["status"], result["reason"]) == ("failed", "result_too_large")
    assert str(MAX_RESULT_BYTES) in result["detail"]


# Invalid calls


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ([], "the arguments must be an object"),
        ("x", "the arguments must be an object"),
        ({}, "session_id is missing"),
        ({**TRUSTED, "session_id": ""}, "session_id is missing"),
        ({**TRUSTED, "request_id": 5, "query": "vpn_status"}, "request_id is missing"),
        ({**TRUSTED, "tool_call_id": None, "query": "vpn_status"}, "tool_call_id is missing"),
        (TRUSTED, "exactly one of these arguments is needed: command, query, log_type"),
        ({**TRUSTED, "query": "vpn_status", "log_type": "vpn"}, "exactly one of these arguments is needed"),
        ({**TRUSTED, "query": "everything"}, "query must be one of: vpn_status"),
        ({**TRUSTED, "command": ["connect_vpn"]}, "command must be of type string"),
    ],
)
def test_an_invalid_call_touches_nothing(
    proxy: Proxy, sockets: FakeSockets, online: Online, event: object, detail: str
) -> None:
    online("conn=")
    call = proxy.event(event)
    result = call.result()
    assert result.pop("detail").startswith(detail)
    assert result == failed(Failure.INVALID_ARGUMENTS)
    assert call.steps() == []
    assert sockets.attempts == []


# The Gateway's tool name


@pytest.mark.parametrize("tool", REGISTRY.tools, ids=lambda tool: tool.name)
def test_a_name_that_disagrees_with_the_arguments(
    proxy: Proxy, sockets: FakeSockets, online: Online, tool: Any
) -> None:
    online("conn=")
    for other in REGISTRY.tools:
        if other is tool:
            continue
        proxy.tool_name = lambda _, name=other.name: f"mac___{name}"
        assert proxy.call(**tool.example).result()["status"] == "invalid_arguments"
    assert sockets.attempts == []


@pytest.mark.parametrize("told", [{1, 2}, {1}, {2}, set[int]()])
def test_a_name_that_is_missing_on_the_first_run_or_the_replay(
    proxy: Proxy, sockets: FakeSockets, online: Online, told: set[int]
) -> None:
    """AWS does not say whether the client context comes again with a replay."""
    online("conn=")
    proxy.tool_name = lambda invocation: "mac___get_vpn_status" if invocation in told else None
    assert proxy.call(query="vpn_status").answered(CONNECTED) == STATUS_RESULT
    assert proxy.invocations == 2
    assert len(sockets.pushed) == 1


# Logs and settings


def test_every_line_says_which_call_it_is_about(
    proxy: Proxy, online: Online, capfd: pytest.CaptureFixture[str]
) -> None:
    online("conn=")
    assert proxy.call(log_type="vpn").answered("hunter2 in the logs")["status"] == "logs_received"
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    ours = {line["event"]: line for line in lines if "logger" not in line}
    assert ours.keys() == {"pushed", "tool_call_finished"}
    for line in ours.values():
        assert line["service"] == "mcp-proxy"
        assert (line["session_id"], line["request_id"], line["tool_call_id"]) == (SESSION, "req-1", "call-1")
        assert line["tool"] == "analyze_logs"
    assert ours["tool_call_finished"]["outcome"] == "logs_received"
    assert "hunter2" not in json.dumps(lines)


def test_the_settings_are_read_with_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    module._dependencies.cache_clear()
    for name in ("CONNECTIONS_TABLE", "REQUESTS_TABLE", "WEBSOCKET_MANAGEMENT_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="CONNECTIONS_TABLE"):
        module._dependencies()
