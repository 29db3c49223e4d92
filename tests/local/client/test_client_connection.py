"""The connection: greeting, turns, reconnection and what ends it."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from local.client.backoff import Backoff
from local.client.lifecycle import ConnectionRefusedForGoodError, ConnectionState, Pace, TurnError
from local.client.signin import SignInRefusedError
from local.client.wire import Ignored, MacRequest, MessageTooLargeError, decode
from services.contract.errors import ErrorCode
from services.contract.limits import SAFE_FRAME_BYTES
from services.contract.messages import Answer, AnswerDelta, Error, Hello
from services.contract.tools import REGISTRY, Risk
from tests.local.client.client_fakes import FAST, FakeSystem, Message, connection_to, eventually


async def test_greets_with_what_the_mac_can_do(fake: FakeSystem) -> None:
    async with connection_to(fake, session_id="talk-1") as connection:
        assert connection.state is ConnectionState.READY
    [hello] = fake.messages("hello")
    assert Hello.model_validate(hello).session_id == "talk-1"
    assert set(hello["capabilities"]) == {tool.action for tool in REGISTRY.tools}


async def test_streams_a_turn(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        await fake.turn(chat, "chat_accepted", status="accepted")
        await fake.turn(chat, "activity", tool="get_vpn_status", tool_call_id="t1", status="started", message="Asking")
        await fake.turn(chat, "answer_delta", text="Hel")
        await fake.turn(chat, "answer_delta", text="lo")
        await fake.turn(chat, "answer", text="Hello")

    fake.on_chat = on_chat
    hops: list[str] = []
    async with connection_to(fake, on_hop=lambda name, _: hops.append(name)) as connection:
        events = [event async for event in connection.ask("Hi")]
    assert [event.event for event in events] == ["chat_accepted", "activity", "answer_delta", "answer_delta", "answer"]
    assert hops == ["connected", "chat_sent", "accepted_received", "delta_received", "answer_received", "disconnected"]


async def test_duplicate_events_are_dropped(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        for seq, text in [(0, "a"), (0, "a"), (1, "b"), (1, "b"), (0, "a")]:
            await fake.turn(chat, "answer_delta", seq=seq, text=text)
        await fake.turn(chat, "answer", seq=2, text="cut", truncated=True)

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        assert await connection.ask_text("Hi") == "ab"
        assert connection.duplicates == 3


async def test_two_turns_do_not_mix(fake: FakeSystem) -> None:
    chats: list[Message] = []

    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        chats.append(chat)
        if len(chats) == 2:
            for asked in reversed(chats):
                await fake.turn(asked, "answer", text=asked["prompt"])

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        answers = await asyncio.gather(connection.ask_text("one"), connection.ask_text("two"))
    assert answers == ["one", "two"]


async def test_unknown_and_broken_messages_are_ignored(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        assert fake.socket is not None
        for raw in ("nonsense", "[]", "null", '{"event":"new_thing","data":{}}', '{"event":"answer","data":{}}', "{}"):
            await fake.socket.send(raw)
        await fake.turn({**chat, "request_id": "someone-elses"}, "answer", text="no")
        await fake.turn(chat, "answer", text="yes", unknown_field=1)

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        assert await connection.ask_text("Hi") == "yes"


async def test_error_ends_the_turn(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        error = Error.of(ErrorCode.AGENT_BUSY, request_id=chat["request_id"])
        await fake.push(error.model_dump(mode="json", exclude_none=True))

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        with pytest.raises(TurnError) as raised:
            await connection.ask_text("Hi")
    assert raised.value.code is ErrorCode.AGENT_BUSY


async def test_deadline_ends_the_turn_and_late_events_go_nowhere(fake: FakeSystem) -> None:
    chats: list[Message] = []

    async def on_chat(_: FakeSystem, chat: Message) -> None:
        chats.append(chat)

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        [event] = [event async for event in connection.ask("Hi", deadline=0.03)]
        assert isinstance(event, Error)
        assert event.data.code is ErrorCode.TURN_TIMED_OUT
        await fake.turn(chats[0], "answer", text="late")
        with pytest.raises(ValueError, match="used"):
            await anext(connection.ask("again", request_id=chats[0]["request_id"]))


@pytest.mark.parametrize("prompt", ["", "   ", "x" * 8001, "\u20ac" * 8000, "\x01" * 8000])
async def test_prompt_that_cannot_be_sent_is_refused_here(fake: FakeSystem, prompt: str) -> None:
    async with connection_to(fake) as connection:
        if prompt == "\u20ac" * 8000:
            await connection.ask_text(prompt)
            assert len(json.dumps(fake.messages("chat")[0], ensure_ascii=False).encode()) <= SAFE_FRAME_BYTES
            return
        with pytest.raises(ValueError):
            await connection.ask_text(prompt)
    assert fake.messages("chat") == []


async def test_oversized_prompt_says_so(fake: FakeSystem) -> None:
    async with connection_to(fake) as connection:
        with pytest.raises(MessageTooLargeError):
            await connection.ask_text("\U0001f600" * 8000)


async def test_reconnects_in_the_middle_of_a_turn_with_a_fresh_token(fake: FakeSystem) -> None:
    chats: list[Message] = []

    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        chats.append(chat)
        await fake.turn(chat, "answer_delta", text="Hel")
        fake.drop()

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        asking = asyncio.create_task(connection.ask_text("Hi"))
        await eventually(lambda: connection.generation == 2 and connection.state is ConnectionState.READY)
        await fake.turn(chats[0], "answer", text="Hello")
        assert await asking == "Hello"
    assert len(chats) == 1, "a prompt the server has is not sent again"
    assert len(set(fake.tokens)) == 2
    assert fake.issuer.grants == ["authorization_code", "refresh_token"]


async def test_prompt_lost_with_the_socket_is_sent_again_under_its_id(fake: FakeSystem) -> None:
    chats: list[Message] = []

    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        chats.append(chat)
        if len(chats) == 1:
            fake.drop()
        else:
            await fake.turn(chat, "answer", text="there")

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        assert await connection.ask_text("Hi") == "there"
    assert chats[0] == chats[1]


@pytest.mark.parametrize("code", [ErrorCode.TOKEN_EXPIRED, ErrorCode.NOT_CONNECTED])
async def test_prompt_refused_for_its_connection_is_sent_on_the_next(fake: FakeSystem, code: ErrorCode) -> None:
    chats: list[Message] = []

    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        chats.append(chat)
        if len(chats) == 1:
            error = Error.of(code, request_id=chat["request_id"])
            await fake.push(error.model_dump(mode="json", exclude_none=True))
            assert fake.socket is not None
            await fake.socket.close(1008)
        else:
            await fake.turn(chat, "answer", text="there")

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        assert await connection.ask_text("Hi") == "there"


async def test_asking_while_away_waits_for_the_connection(fake: FakeSystem) -> None:
    async with connection_to(fake) as connection:
        fake.failures = [503, 500]
        fake.drop()
        await eventually(lambda: connection.state is not ConnectionState.READY)
        assert await connection.ask_text("Hi") == "You said: Hi"
    assert len(fake.messages("chat")) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_refusal_on_connecting_stops(fake: FakeSystem, status: int) -> None:
    fake.reject = status
    connection = connection_to(fake)
    with pytest.raises(ConnectionRefusedForGoodError, match=str(status)):
        await connection.start()
    assert connection.state is ConnectionState.STOPPED
    await asyncio.sleep(0.05)
    assert len(fake.tokens) == 1
    await connection.close()


async def test_refusal_on_reconnecting_stops_and_ends_turns(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, _: Message) -> None:
        fake.reject = 401
        fake.drop()

    fake.on_chat = on_chat
    async with connection_to(fake) as connection:
        for _ in range(2):  # The second is asked of a connection that has stopped already.
            [event] = [event async for event in connection.ask("Hi")]
            assert isinstance(event, Error)
            assert event.data.code is ErrorCode.NOT_CONNECTED
        assert connection.state is ConnectionState.STOPPED
    assert len(fake.tokens) == 2


async def test_refused_sign_in_stops(fake: FakeSystem) -> None:
    fake.issuer.error = "access_denied"
    with pytest.raises(SignInRefusedError):
        async with connection_to(fake):
            pass


async def test_failing_issuer_is_tried_again(fake: FakeSystem) -> None:
    fake.issuer.token_status = 503
    connection = connection_to(fake)
    starting = asyncio.create_task(connection.start())
    await eventually(lambda: len(fake.issuer.grants) >= 3)
    fake.issuer.token_status = 200
    await starting
    await connection.close()


async def test_no_version_in_common_stops(fake: FakeSystem) -> None:
    fake.protocol_version = 2
    with pytest.raises(ConnectionRefusedForGoodError, match="version"):
        async with connection_to(fake):
            pass


async def test_server_that_never_greets_is_left(fake: FakeSystem) -> None:
    fake.greets = False
    connection = connection_to(fake, pace=Pace(handshake=0.03))
    with pytest.raises(TimeoutError):
        await connection.start(timeout=0.2)
    assert len(fake.messages("hello")) >= 2
    await connection.close()


async def test_backoff_grows_until_the_connection_has_carried_something(fake: FakeSystem) -> None:
    fake.close_after_ready = True
    backoff = Backoff(base=0.001, cap=0.004, rng=random.Random(1))
    connection = connection_to(fake, backoff=backoff)
    await connection.start()
    await eventually(lambda: connection.generation >= 5)
    assert backoff.attempt >= 4, "a greeting alone must not reset it"
    fake.close_after_ready = False
    await eventually(lambda: connection.state is ConnectionState.READY)
    await connection.ask_text("Hi")
    assert backoff.attempt == 0
    await connection.close()


def test_backoff_is_full_jitter_under_a_doubling_ceiling() -> None:
    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            assert a == 0
            return b

    backoff = Backoff(base=1, cap=10, rng=Highest())
    assert [backoff.next_delay() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.reset()
    assert backoff.next_delay() == 1


async def test_heartbeat_keeps_a_live_socket_and_drops_a_dead_one(fake: FakeSystem) -> None:
    async with connection_to(fake, pace=Pace(heartbeat=0.01, pong=0.04)) as connection:
        await eventually(lambda: len(fake.messages("ping")) >= 4)
        assert connection.generation == 1
        fake.pongs = False
        await eventually(lambda: connection.generation == 2)


def test_heartbeat_is_below_the_idle_limit() -> None:
    assert Pace().heartbeat + Pace().pong < 600


async def test_socket_is_replaced_before_its_token_expires(fake: FakeSystem) -> None:
    fake.ready_expires_in = 0
    async with connection_to(fake) as connection:
        await eventually(lambda: connection.generation >= 2)
        fake.ready_expires_in = 3600
        assert await connection.ask_text("Hi") == "You said: Hi"
    assert len(set(fake.tokens)) == len(fake.tokens)


async def test_renewal_waits_for_a_turn_to_end(fake: FakeSystem) -> None:
    async def on_chat(fake: FakeSystem, chat: Message) -> None:
        data = {"session_id": chat["session_id"], "protocol_version": 1, "expires_in": 1}
        await fake.push({"event": "ready", "data": data})
        await asyncio.sleep(0.03)
        assert connection.generation == 1
        await fake.turn(chat, "answer", text="done")

    fake.on_chat = on_chat
    async with connection_to(fake, pace=Pace(renew_before=1.0, renew_share=1.0)) as connection:
        assert await connection.ask_text("Hi", deadline=1.0) == "done"
        await eventually(lambda: connection.generation == 2)


async def test_no_token_in_logs(fake: FakeSystem, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with connection_to(fake) as connection:
        await connection.ask_text("Hi")
    assert fake.tokens[0].startswith("access-")
    clients = [record for record in caplog.records if "server" not in record.name]
    assert not any(fake.tokens[0] in record.getMessage() for record in clients)


async def test_a_failing_hook_is_a_visible_end(fake: FakeSystem) -> None:
    def hook(name: str, _: dict[str, object]) -> None:
        if name == "connected":
            raise RuntimeError("hook")

    with pytest.raises(RuntimeError, match="hook"):
        async with connection_to(fake, on_hop=hook, pace=FAST):
            pass


def test_decoding() -> None:
    push = {"event": "client_action", "data": {"action": "run_client_command", "command": "connect_vpn"}}
    request = decode(json.dumps(push))
    assert isinstance(request, MacRequest)
    assert (request.fields, request.key, request.risk) == ({"command": "connect_vpn"}, None, Risk.CHANGE)
    request = decode('{"action":"request_logs","log_type":"all","callback_id":"cb-' + "0" * 32 + '"}')
    assert isinstance(request, MacRequest)
    assert request.fault
    assert "log_type" in request.fault
    unknown = decode('{"action":"format_disk","callback_id":"cb-' + "0" * 32 + '"}')
    assert isinstance(unknown, MacRequest)
    assert unknown.risk is Risk.CHANGE
    assert isinstance(decode('{"action":"request_logs","callback_id":"../x"}'), Ignored)
    assert isinstance(decode("[" * 100_000), Ignored)
    about = {"request_id": "r", "session_id": "s", "seq": 0}
    assert isinstance(decode(json.dumps({"event": "answer_delta", "data": {**about, "text": "x"}})), AnswerDelta)
    assert isinstance(decode(json.dumps({"event": "answer", "data": {**about, "text": "x"}})), Answer)
