"""The container's HTTP contract: a turn is accepted at once, and `/ping` tells whether one runs."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from services.agent import app as app_module
from services.agent.app import app
from services.agent.memory import session_manager
from services.agent.queue import TurnQueue
from services.agent.turns import TurnRunner
from services.contract.settings import AgentSettings, SettingsError
from tests.services.agent.fakes import SESSION, FakeDelivery, FakeGateway, ScriptedModel, turn_request
from tests.services.agent.test_model import settings

HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
NEVER_SHOWN = "prompt of a person"


class Served:
    """The real application around a scripted model that waits for `go`."""

    def __init__(self, folder: Path, delivery: FakeDelivery) -> None:
        self.go = threading.Event()
        self.delivery = delivery
        self.model = ScriptedModel(["Hi."], ["Hi again."], ["And again."])
        gateway = FakeGateway()
        runner = TurnRunner(
            self.model, gateway, delivery, lambda session_id: self.memory(session_id, folder), turn_seconds=5.0
        )
        self.queue = TurnQueue(
            run=runner.run,
            limit=1,
            queued=runner.queued,
            repeated=runner.repeat,
            on_busy=lambda: app.add_async_task("turn"),
            on_idle=app.complete_async_task,
        )
        self.client = TestClient(app)

    def memory(self, session_id: str, folder: Path) -> Any:
        # Sessions are restored in a thread, so this may wait.
        assert self.go.wait(5)
        return session_manager(session_id, f"file://{folder}", 100)

    def post(self, payload: object, session: str | None = SESSION) -> dict[str, Any]:
        response = self.client.post(
            "/invocations", content=json.dumps(payload), headers={HEADER: session} if session else {}
        )
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        return response.json()

    def turn(self, request_id: str) -> dict[str, Any]:
        return self.post(turn_request(request_id, NEVER_SHOWN).model_dump())

    @property
    def health(self) -> str:
        return self.client.get("/ping").json()["status"]


@pytest.fixture
def served(tmp_path: Path, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(tmp_path, delivery)
    monkeypatch.setattr(app_module, "_queue", lambda: served.queue)
    yield served
    served.go.set()
    soon(lambda: served.health == "Healthy")


def soon(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    give_up = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.01)


def test_a_turn_is_accepted_at_once_and_keeps_the_session_busy(served: Served) -> None:
    assert served.health == "Healthy"
    started = time.monotonic()
    assert served.turn("request-1") == {"status": "accepted", "position": 0}
    assert time.monotonic() - started < 1
    assert served.health == "HealthyBusy"
    assert served.delivery.ends == []
    served.go.set()
    soon(lambda: served.health == "Healthy")
    [answer] = served.delivery.named("answer")
    assert (answer["text"], answer["request_id"]) == ("Hi.", "request-1")


def test_ping_answers_while_a_turn_runs_and_does_not_pretend_news(served: Served) -> None:
    served.turn("request-1")
    first, second = (served.client.get("/ping").json() for _ in range(2))
    assert first == second
    assert first["status"] == "HealthyBusy"


def test_queued_duplicate_and_busy(served: Served) -> None:
    statuses = [served.turn(name)["status"] for name in ("request-1", "request-2", "request-2", "request-3")]
    assert statuses == ["accepted", "queued", "duplicate", "busy"]
    served.go.set()
    soon(lambda: len(served.delivery.ends) == 2)
    soon(lambda: served.health == "Healthy")
    assert [end["data"]["request_id"] for end in served.delivery.ends] == ["request-1", "request-2"]


def test_a_prompt_sent_again_after_its_turn_gets_its_end_again_and_no_second_turn(served: Served) -> None:
    served.go.set()
    served.turn("request-1")
    soon(lambda: served.health == "Healthy")
    assert served.turn("request-1")["status"] == "duplicate"
    soon(lambda: len(served.delivery.ends) == 2)
    first, second = served.delivery.ends
    assert first == second
    assert len(served.model.seen) == 1


def test_a_request_that_came_too_late_is_not_run(served: Served) -> None:
    assert served.post(turn_request(seconds=-1).model_dump())["status"] == "expired"
    assert served.health == "Healthy"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        None,
        "text",
        {"request_id": "r", "session_name": "s", "accept_before": 9e12},
        {"request_id": "r", "session_name": "s", "prompt": "", "accept_before": 9e12},
        {"request_id": "r", "session_name": "s", "prompt": NEVER_SHOWN * 1000, "accept_before": 9e12},
        {"request_id": "no id!", "session_name": "s", "prompt": NEVER_SHOWN, "accept_before": 9e12},
        {"request_id": "r", "session_name": "a/b", "prompt": NEVER_SHOWN, "accept_before": 9e12},
        {"request_id": "r", "session_name": "s", "prompt": NEVER_SHOWN, "accept_before": "soon"},
    ],
)
def test_an_invalid_turn_is_told_and_not_logged_in_words(served: Served, payload: object) -> None:
    with capture_logs() as lines:
        assert served.post(payload)["status"] == "invalid"
    assert [line["event"] for line in lines] == ["turn_invalid"]
    assert NEVER_SHOWN not in repr(lines)
    assert served.health == "Healthy"


def test_a_turn_without_a_session_is_invalid(served: Served) -> None:
    assert served.post(turn_request().model_dump(), session=None)["status"] == "invalid"
    assert served.health == "Healthy"


def test_the_session_is_the_headers_and_not_the_payloads(served: Served) -> None:
    served.go.set()
    served.post(turn_request().model_dump() | {"session_id": "forged", "runtimeSessionId": "forged"})
    # FakeDelivery refuses any other session than the header's.
    soon(lambda: len(served.delivery.ends) == 1)


def test_what_is_not_json_is_a_400(served: Served) -> None:
    assert served.client.post("/invocations", content=b"{", headers={HEADER: SESSION}).status_code == 400


def test_the_prompt_is_in_no_log(served: Served) -> None:
    with capture_logs() as lines:
        served.go.set()
        served.turn("request-1")
        soon(lambda: len(served.delivery.ends) == 1)
        soon(lambda: served.health == "Healthy")
    assert {"turn_offered", "turn_started", "turn_finished"} <= {line["event"] for line in lines}
    [finished] = [line for line in lines if line["event"] == "turn_finished"]
    assert 0 <= finished["seconds"] < 60
    assert NEVER_SHOWN not in repr(lines)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The process environment of a container, with nothing listening behind it."""
    variables = settings().to_environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app_module._queue.cache_clear()  # pyright: ignore[reportPrivateUsage]
    yield variables
    app_module._queue.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_main_listens_where_agentcore_looks(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    served: list[dict[str, object]] = []
    monkeypatch.setattr(app, "run", lambda **where: served.append(where))
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)
    try:
        app_module.main()
    finally:
        root.handlers, root.level = handlers, level
    assert served == [{"port": 8080, "host": "0.0.0.0"}]


def test_a_wrong_setting_stops_the_container(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_PROVIDER", "nobody")
    monkeypatch.setattr(app, "run", lambda **_: pytest.fail("it serves"))
    monkeypatch.setattr(app_module, "configure", lambda *_: None)
    with pytest.raises(SettingsError, match="MODEL_PROVIDER"):
        app_module.main()


def test_the_settings_hold_no_secret() -> None:
    assert "machine_client_secret_id" in AgentSettings.model_fields
    assert not {"machine_client_secret", "client_secret", "secret"} & AgentSettings.model_fields.keys()
    assert "secret" not in json.dumps(settings().to_environment()).lower().replace("machine_client_secret_id", "")
