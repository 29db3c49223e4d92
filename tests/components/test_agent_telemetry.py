"""What leaves the agent's container as telemetry, with the real distribution set up as in the runtime."""

from __future__ import annotations

import base64
import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from components.agent_runtime import platform_variables
from tests.services.agent.fakes import SESSION

ROOT = Path(__file__).parents[2]
WORDS = "what a person said"
SAMPLED_TRACE = "6b046263" + "a" * 24
UNSAMPLED_TRACE = "6b046264" + "b" * 24


def header(trace: str, sampled: int) -> str:
    """As Lambda hands it on."""
    return f"Root=1-{trace[:8]}-{trace[8:]};Parent={'c' * 16};Sampled={sampled}"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, as X-Ray and CloudWatch Logs do."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.bodies: list[bytes] = []
        self.spans: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []

    def holds(self, words: str) -> bool:
        return any(words.encode() in body for body in self.bodies)


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        collector.bodies.append(body)
        if self.path.endswith("/traces"):
            sent = MessageToDict(ExportTraceServiceRequest.FromString(body))
            collector.spans += _leaves(sent, "resourceSpans", "scopeSpans", "spans")
        else:
            sent = MessageToDict(ExportLogsServiceRequest.FromString(body))
            collector.logs += _leaves(sent, "resourceLogs", "scopeLogs", "logRecords")
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


def _leaves(sent: dict[str, Any], outer: str, middle: str, inner: str) -> list[dict[str, Any]]:
    return [leaf for a in sent.get(outer, []) for b in a.get(middle, []) for leaf in b.get(inner, [])]


def collected(settings: Mapping[str, str]) -> Collector:
    """Run two turns, one of a sampled request and one of another, and collect what they send."""
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    # What AgentCore sets besides, but for its addresses (developer guide, "Add observability").
    platform = {
        "AGENT_OBSERVABILITY_ENABLED": "true",
        "OTEL_PYTHON_DISTRO": "aws_distro",
        "OTEL_PYTHON_CONFIGURATOR": "aws_configurator",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=deskside_test.live",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_METRICS_EXPORTER": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    instrument = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    arguments = [WORDS, header(SAMPLED_TRACE, 1), header(UNSAMPLED_TRACE, 0)]
    try:
        subprocess.run(
            [instrument, sys.executable, "-m", "tests.components.traced_turn", *arguments],
            cwd=ROOT,
            env={**kept, **platform, **settings, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
    return collector


@pytest.fixture(scope="module")
def telemetry() -> Collector:
    return collected(platform_variables({"partition": "aws", "region": "us-east-1", "account_id": "123456789012"}))


def attributes(span: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"].get("stringValue", "") for each in span.get("attributes", [])}


def trace_of(span: dict[str, Any]) -> str:
    """Base64 in protobuf's JSON."""
    return base64.b64decode(span["traceId"]).hex()


def test_nothing_that_people_say_leaves_the_container(telemetry: Collector) -> None:
    assert telemetry.spans
    # The model call's events: that there was one, and not what was in it.
    assert any(record.get("eventName") == "gen_ai.choice" for record in telemetry.logs)
    assert not telemetry.holds(WORDS)


def test_the_agent_continues_the_trace_of_ws_manager(telemetry: Collector) -> None:
    names = {span["name"] for span in telemetry.spans if trace_of(span) == SAMPLED_TRACE}
    assert {"POST /invocations", "invoke_agent Deskside", "execute_tool analyze_logs", "chat"} <= names


def test_the_spans_of_a_turn_have_the_ids_of_its_log_lines(telemetry: Collector) -> None:
    [turn] = [span for span in telemetry.spans if span["name"] == "invoke_agent Deskside"]
    assert attributes(turn)["session.id"] == SESSION
    assert attributes(turn)["request.id"] == "request-0"
    [tool] = [span for span in telemetry.spans if span["name"].startswith("execute_tool")]
    assert attributes(tool)["gen_ai.tool.call.id"] == "use-1"


def test_of_a_request_that_was_not_sampled_nothing_is_sent(telemetry: Collector) -> None:
    assert UNSAMPLED_TRACE not in {trace_of(span) for span in telemetry.spans}


def test_a_look_at_the_containers_health_is_no_trace(telemetry: Collector) -> None:
    assert not [span for span in telemetry.spans if "ping" in span["name"]]


def test_without_our_settings_it_would_all_be_told() -> None:
    """Else the tests above could not fail."""
    told = collected({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"})
    assert told.holds(WORDS)
    assert any(WORDS in str(record) for record in told.logs)
    assert any("ping" in span["name"] for span in told.spans)
