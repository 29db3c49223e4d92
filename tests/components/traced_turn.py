"""Two turns of the agent's real app, run under `opentelemetry-instrument` by test_agent_telemetry.py."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from typing import Any

import boto3
from botocore.stub import Stubber
from opentelemetry import _logs, trace
from starlette.testclient import TestClient

from services.agent import app as agent
from services.agent.memory import session_manager
from services.agent.queue import TurnQueue
from services.agent.turns import TurnRunner
from services.logs import configure
from tests.services.agent.fakes import SESSION, FakeDelivery, FakeGateway, ScriptedModel, Use, turn_request
from tests.services.fakes import CREDENTIALS


def main() -> None:
    words, sampled, unsampled = sys.argv[1:]
    configure("agent")
    logging.getLogger().setLevel(logging.INFO)
    delivery, gateway = FakeDelivery(), FakeGateway()
    gateway.result = {"status": "logs_received", "content": words}
    replies = ([Use("analyze_logs", {"log_type": "vpn", "stray": words})], [words], [words])
    model, folder = ScriptedModel(*replies), tempfile.TemporaryDirectory()

    def memory(session_id: str) -> Any:
        return session_manager(session_id, f"file://{folder.name}", 100)

    runner = TurnRunner(model, gateway, delivery, memory, 10.0)
    queue = TurnQueue(
        run=runner.run, limit=3, queued=runner.queued, repeated=runner.repeat, on_busy=lambda: 1, on_idle=lambda _: None
    )
    agent._queue = lambda: queue  # pyright: ignore[reportPrivateUsage]
    with TestClient(agent.app) as client:
        client.get("/ping").raise_for_status()
        for number, header in enumerate((sampled, unsampled)):
            client.post(
                "/invocations",
                content=turn_request(f"request-{number}", words).model_dump_json(),
                headers={
                    "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": SESSION,
                    "X-Amzn-Trace-Id": header,
                },
            ).raise_for_status()
            give_up = time.monotonic() + 10
            while len(delivery.ends) <= number:
                assert time.monotonic() < give_up, delivery.events
                time.sleep(0.01)
    assert [end["event"] for end in delivery.ends] == ["answer", "answer"]
    folder.cleanup()
    _ask_bedrock(words)
    for provider in (trace.get_tracer_provider(), _logs.get_logger_provider()):
        provider.force_flush()  # pyright: ignore


def _ask_bedrock(words: str) -> None:
    """What Strands' model class does, without a network."""
    bedrock: Any = boto3.client("bedrock-runtime", **CREDENTIALS)  # pyright: ignore
    said = {"role": "assistant", "content": [{"text": words}]}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    answer = {"output": {"message": said}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}
    with Stubber(bedrock) as stubber:
        stubber.add_response("converse", answer)
        bedrock.converse(
            modelId="m",
            system=[{"text": words}],
            messages=[{"role": "user", "content": [{"text": words}]}],
        )


if __name__ == "__main__":
    main()
