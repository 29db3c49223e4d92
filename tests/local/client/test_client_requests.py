"""Requests to the Mac: once each, answered once each, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from local.client.handlers import HANDLERS, Fields, get_vpn_status, handles
from local.client.lifecycle import ConnectionState
from local.client.mac import ConsentRequest, Manner, SimulatedMac
from services.contract.answers import StatusAnswer, TextAnswer
from services.contract.errors import ErrorCode
from services.contract.limits import MAX_CONTENT_BYTES
from services.contract.messages import AsyncCallback, Error
from services.contract.tools import REGISTRY, Risk
from tests.local.client.client_fakes import FakeSystem, callback_id, connection_to, eventually


async def settle() -> None:
    """Time for something that must not happen to happen."""
    await asyncio.sleep(0.03)


async def test_answers_the_status_in_the_form_the_tool_declares(fake: FakeSystem) -> None:
    hops: list[tuple[str, dict[str, Any]]] = []
    mac = SimulatedMac(vpn_connected=True)
    async with connection_to(fake, mac, on_hop=lambda name, fields: hops.append((name, fields))):
        await fake.ask_mac("get_vpn_status")
        await eventually(lambda: fake.answers)
    [answer] = fake.answers
    declared = REGISTRY.by_name["get_vpn_status"].answer
    assert isinstance(declared, StatusAnswer)
    assert declared.result(answer["content"])["status"] == "connected"
    assert ("push_received", {"action": "get_vpn_status", "callback_id": callback_id()}) in hops
    assert [fields["callback_id"] for name, fields in hops if name == "callback_sent"] == [callback_id()]
    assert [ran.argv for ran in mac.ran] == [("vpn", "state")]


async def test_obeys_a_command_once_and_answers_nothing(fake: FakeSystem) -> None:
    mac = SimulatedMac(transition_seconds=0.005)
    data = {"action": "run_client_command", "command": "connect_vpn", "action_id": "act-1"}
    async with connection_to(fake, mac) as connection:
        await fake.push({"event": "client_action", "data": data})
        await eventually(lambda: mac.ran)
        await fake.push({"event": "client_action", "data": data})
        await eventually(lambda: connection.duplicates == 1)
        assert await mac.vpn.settled() == "connected"
    assert [ran.argv[:2] for ran in mac.ran] == [("vpn", "connect")]
    assert fake.answers == []


async def test_duplicate_request_is_answered_once(fake: FakeSystem) -> None:
    mac = SimulatedMac(delays={"get_vpn_status": 0.01})
    async with connection_to(fake, mac) as connection:
        request = await fake.ask_mac("get_vpn_status")
        await fake.push(request)  # While it is being carried out.
        await eventually(lambda: fake.answers)
        await fake.push(request)  # After it was answered.
        await eventually(lambda: connection.duplicates == 2)
        await settle()
    assert len(fake.answers) == 1
    assert len(mac.ran) == 1


async def test_pending_request_is_taken_from_ready(fake: FakeSystem) -> None:
    fake.pending = [
        {"action": "get_vpn_status", "callback_id": callback_id(number), "expires_in": 9.0} for number in (1, 2)
    ]
    async with connection_to(fake):
        await eventually(lambda: len(fake.answers) == 2)
        await settle()
    assert sorted(answer["callback_id"] for answer in fake.answers) == [callback_id(1), callback_id(2)]


async def test_answer_lost_with_the_socket_is_sent_again_without_running_again(fake: FakeSystem) -> None:
    mac = SimulatedMac()
    async with connection_to(fake, mac) as connection:
        request = await fake.ask_mac("get_vpn_status")
        await eventually(lambda: fake.answers)
        fake.pending = [request]  # The server never got it, and says so.
        fake.drop()
        await eventually(lambda: len(fake.answers) == 2)
        await settle()
        assert connection.generation == 2
    assert fake.answers[0] == fake.answers[1]
    assert len(mac.ran) == 1


@pytest.mark.parametrize("still_pending", [True, False])
async def test_answer_finished_while_away_is_sent_once_on_return(fake: FakeSystem, still_pending: bool) -> None:
    mac = SimulatedMac(delays={"get_vpn_status": 0.03})
    async with connection_to(fake, mac) as connection:
        request = await fake.ask_mac("get_vpn_status")
        fake.pending = [request] if still_pending else []
        await eventually(lambda: connection._responder.active)
        fake.failures = [503] * 6
        fake.drop()
        await eventually(lambda: connection.state is not ConnectionState.READY)
        await eventually(lambda: fake.answers)
        await settle()
    assert len(fake.answers) == 1
    assert len(mac.ran) == 1


async def test_undelivered_answer_is_sent_again_a_few_times(fake: FakeSystem) -> None:
    error = Error.of(ErrorCode.CALLBACK_UNDELIVERED, callback_id=callback_id())
    async with connection_to(fake):
        await fake.ask_mac("get_vpn_status")
        for number in range(1, 5):
            await eventually(lambda number=number: len(fake.answers) == number)
            await fake.push(error.model_dump(mode="json", exclude_none=True))
        await settle()
    assert len(fake.answers) == 4


async def test_answer_refused_for_its_connection_is_sent_on_the_next(fake: FakeSystem) -> None:
    error = Error.of(ErrorCode.TOKEN_EXPIRED, callback_id=callback_id())
    async with connection_to(fake):
        await fake.ask_mac("get_vpn_status")
        await eventually(lambda: fake.answers)
        await fake.push(error.model_dump(mode="json", exclude_none=True))
        assert fake.socket is not None
        await fake.socket.close(1008)
        await eventually(lambda: len(fake.answers) == 2)


@pytest.mark.parametrize("code", [ErrorCode.CALLBACK_UNKNOWN, ErrorCode.CALLBACK_ANSWERED, ErrorCode.CALLBACK_EXPIRED])
async def test_answer_nobody_wants_is_not_sent_again(fake: FakeSystem, code: ErrorCode) -> None:
    async with connection_to(fake):
        await fake.ask_mac("get_vpn_status")
        await eventually(lambda: fake.answers)
        await fake.push(Error.of(code, callback_id=callback_id()).model_dump(mode="json", exclude_none=True))
        await settle()
    assert len(fake.answers) == 1


@pytest.mark.parametrize(
    ("manner", "code", "said"),
    [
        (Manner.DECLINE, "declined", "declined"),
        (Manner.NOT_INSTALLED, "not_installed", "not installed"),
        (Manner.FAIL, "failed", "OSError"),
        (Manner.HUGE, "failed", "too large"),
    ],
)
async def test_manners_that_refuse(fake: FakeSystem, manner: Manner, code: str, said: str) -> None:
    mac = SimulatedMac()
    mac.behave("request_logs", manner)
    async with connection_to(fake, mac):
        await fake.ask_mac("request_logs", log_type="vpn")
        await eventually(lambda: fake.answers)
        await settle()
    [answer] = fake.answers
    assert AsyncCallback.model_validate(answer).content is None
    assert answer["error"]["code"] == code
    assert said in answer["error"]["message"]


async def test_manner_never(fake: FakeSystem) -> None:
    mac = SimulatedMac()
    mac.behave("get_vpn_status", Manner.NEVER)
    async with connection_to(fake, mac):
        await fake.ask_mac("get_vpn_status")
        await eventually(lambda: mac.sent)
        await settle()
    assert fake.answers == []


async def test_manner_twice(fake: FakeSystem) -> None:
    mac = SimulatedMac()
    mac.behave("get_vpn_status", Manner.TWICE)
    async with connection_to(fake, mac):
        await fake.ask_mac("get_vpn_status")
        await eventually(lambda: len(fake.answers) == 2)
    assert fake.answers[0] == fake.answers[1]


async def test_manner_late(fake: FakeSystem) -> None:
    mac = SimulatedMac()
    mac.behave("get_vpn_status", Manner.LATE, delay=0.01)
    async with connection_to(fake, mac):
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        await fake.ask_mac("get_vpn_status", expires_in=0.05)
        await eventually(lambda: fake.answers)
        assert loop.time() - asked_at >= 0.05
    assert "content" in fake.answers[0]


async def test_slow_mac_says_so_before_nobody_waits(fake: FakeSystem) -> None:
    mac = SimulatedMac(delays={"get_vpn_status": 5.0})
    async with connection_to(fake, mac):
        await fake.ask_mac("get_vpn_status", expires_in=0.05)
        await eventually(lambda: fake.answers)
    assert fake.answers[0]["error"]["code"] == "timed_out"
    assert mac.ran == []


async def test_unknown_action_is_refused(fake: FakeSystem) -> None:
    async with connection_to(fake):
        await fake.ask_mac("format_disk")
        await fake.push({"event": "client_action", "data": {"action": "format_disk", "action_id": "a"}})
        await eventually(lambda: fake.answers)
        await settle()
    [answer] = fake.answers
    assert answer["error"] == {"code": "failed", "message": "this Mac does not know format_disk"}


async def test_unknown_action_that_is_no_text_is_refused_too(fake: FakeSystem) -> None:
    async with connection_to(fake):
        await fake.ask_mac("\ud800")
        await eventually(lambda: fake.answers)
    assert fake.answers[0]["error"]["message"] == "this Mac does not know ?"


async def test_invalid_request_is_refused(fake: FakeSystem) -> None:
    mac = SimulatedMac()
    async with connection_to(fake, mac):
        await fake.ask_mac("request_logs", log_type="/etc/passwd")
        await eventually(lambda: fake.answers)
    assert fake.answers[0]["error"]["code"] == "failed"
    assert mac.ran == []


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ("x" * MAX_CONTENT_BYTES, True),
        ("x" * (MAX_CONTENT_BYTES + 1), False),
        ("\u20ac" * (MAX_CONTENT_BYTES // 3 + 1), False),
        ("\n" * MAX_CONTENT_BYTES, False),  # Within the limit, but escaping makes it two frames long.
        ("\ud800", False),  # No text: cannot be encoded.
    ],
)
async def test_content_is_bounded(fake: FakeSystem, content: str, sent: bool) -> None:
    mac = SimulatedMac(handlers={**HANDLERS, "request_logs": lambda _mac, _fields: content})
    async with connection_to(fake, mac) as connection:
        await fake.ask_mac("request_logs", log_type="vpn")
        await eventually(lambda: fake.answers)
        assert connection.generation == 1
    [answer] = fake.answers
    assert ("content" in answer) is sent
    assert sent or answer["error"]["code"] == "failed"


async def test_new_tool_is_one_decorated_function(fake: FakeSystem) -> None:
    @handles("request_disk_space")
    async def disk_space(mac: SimulatedMac, fields: Fields) -> str:
        return json.dumps({"volume": fields["volume"], "free": "12G"})

    try:
        with pytest.raises(ValueError, match="has a handler"):
            handles("request_disk_space")(get_vpn_status)
        async with connection_to(fake):
            await fake.ask_mac("request_disk_space", volume="/")
            await eventually(lambda: fake.answers)
    finally:
        del HANDLERS["request_disk_space"]
    assert "request_disk_space" in fake.messages("hello")[0]["capabilities"]
    assert json.loads(fake.answers[0]["content"]) == {"volume": "/", "free": "12G"}


@pytest.mark.parametrize("agrees", [True, False])
async def test_consent_is_asked_by_risk(fake: FakeSystem, agrees: bool) -> None:
    asked: list[ConsentRequest] = []

    async def consent(request: ConsentRequest) -> bool:
        asked.append(request)
        return agrees

    mac = SimulatedMac(consent=consent)
    async with connection_to(fake, mac):
        await fake.ask_mac("get_vpn_status", 1)
        await fake.ask_mac("request_logs", 2, log_type="system")
        await fake.push({"event": "client_action", "data": {"action": "run_client_command", "command": "connect_vpn"}})
        await eventually(lambda: len(fake.answers) == 2 and len(mac.sent) == 3)
    assert {request.risk for request in asked} == {Risk.COLLECT, Risk.CHANGE}
    [shown] = [request for request in asked if request.risk is Risk.COLLECT]
    assert mac.fault_line
    assert mac.fault_line in (shown.content or "")
    assert shown.programs[0].startswith("log show")
    answers = {answer["callback_id"]: answer for answer in fake.answers}
    assert "content" in answers[callback_id(1)]
    assert (answers[callback_id(2)].get("error", {}).get("code") == "declined") is not agrees
    assert ("vpn", "connect", "vpn.example.com") in [ran.argv for ran in mac.ran] or not agrees
    assert (mac.vpn.state == "connecting") is agrees
    if agrees:
        declared = REGISTRY.by_name["analyze_logs"].answer
        assert isinstance(declared, TextAnswer)
        assert declared.result(answers[callback_id(2)]["content"])["status"] == "logs_received"


async def test_consent_given_too_late_counts_for_nothing(fake: FakeSystem) -> None:
    cancelled: list[bool] = []

    async def consent(_: ConsentRequest) -> bool:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return True

    async with connection_to(fake, SimulatedMac(consent=consent)):
        await fake.ask_mac("request_logs", log_type="vpn", expires_in=0.03)
        await eventually(lambda: fake.answers)
    assert fake.answers[0]["error"]["code"] == "timed_out"
    assert cancelled == [True], "the dialog must not outlive the call"
