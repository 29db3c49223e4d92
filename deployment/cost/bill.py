"""The lines of a bill: idle for a month, and for one conversation."""

from dataclasses import dataclass

from deployment.cost.assumptions import (
    AGENT_GB,
    CALL_INPUT_TOKENS,
    CALL_OUTPUT_TOKENS,
    CHARACTERS_PER_TOKEN,
    CONNECTED_MINUTES,
    IMAGE_GB,
    LOG_LINE_BYTES,
    OTHER_OPERATIONS,
    PLATFORM_LINES,
    SESSION_READS,
    SESSION_WRITES,
    SOCKET_INVOCATIONS,
    SOCKET_WRITES,
    SPAN_KB_PER_INVOCATION,
    START_CPU_SECONDS,
    TALK_MINUTES,
    WAITING_OPERATIONS,
    WRITE_UNITS,
)
from deployment.cost.conversation import Conversation
from deployment.cost.prices import PRICES
from deployment.cost.stack import Stack
from services.contract.limits import MAX_CONTENT_BYTES

HOURS = 730
"""In a month, as AWS's own examples count."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a quantity, how it comes about, and what it costs."""

    what: str
    reckoning: str
    quantity: float
    price: str
    """Key in PRICES."""

    @property
    def dollars(self) -> float:
        """Unrounded."""
        return self.quantity * PRICES[self.price].amount / PRICES[self.price].per


def idle(stack: Stack) -> list[Line]:
    """What a month costs in which nobody connects."""
    nat, endpoints, zones = stack.nat_gateways, stack.interface_endpoints, stack.zones
    lines = [
        Line("NAT gateways", f"{nat} x {HOURS} h", nat * HOURS, "NAT gateway"),
        Line("Their public addresses", f"{nat} x {HOURS} h", nat * HOURS, "Public IPv4 address"),
        Line(
            "Interface endpoints",
            f"{endpoints} x {zones} zones x {HOURS} h",
            endpoints * zones * HOURS,
            "Interface endpoint",
        ),
        Line(
            "ElastiCache Serverless for Valkey, at its minimum",
            f"{stack.caches} x 0.1 GB x {HOURS} h",
            stack.caches * 0.1 * HOURS,
            "ElastiCache data",
        ),
        Line(
            "Cognito client of the agent", f"{stack.machine_clients}", stack.machine_clients, "Cognito machine client"
        ),
        Line("Dashboard", f"{stack.dashboards}", stack.dashboards, "Dashboard"),
        Line(f"{stack.alarms} alarms", f"{stack.alarm_metrics} metrics in them", stack.alarm_metrics, "Alarm metric"),
        Line("KMS key of the alarm topic", f"{stack.keys}", stack.keys, "KMS key"),
        Line("Secret of the agent's client", f"{stack.secrets}", stack.secrets, "Secret"),
        Line("Agent image in ECR", f"{stack.images} x {IMAGE_GB} GB", stack.images * IMAGE_GB, "ECR storage"),
    ]
    return [line for line in lines if line.quantity]


def used(stack: Stack, talk: Conversation) -> list[Line]:
    """What one conversation costs."""
    invocations = talk.invocations + SOCKET_INVOCATIONS
    elsewhere = talk.invocations - sum(2 if call.waiting else 1 for call in talk.calls)
    mean_ms = (talk.billed_ms - sum(call.billed_ms for call in talk.calls)) / elsewhere
    seconds = (talk.billed_ms + SOCKET_INVOCATIONS * mean_ms) / 1000
    waiting = sum(call.waiting for call in talk.calls)
    other = len(talk.calls) - waiting
    cpu = (talk.turn_ms - talk.waited_ms) / 1000 + START_CPU_SECONDS
    minutes = TALK_MINUTES + stack.idle_minutes
    lines = talk.log_lines + PLATFORM_LINES * invocations + talk.messages
    log_tokens = MAX_CONTENT_BYTES // CHARACTERS_PER_TOKEN
    writes = talk.writes + SOCKET_WRITES
    found = [
        Line(
            "Model, read",
            f"{talk.model_calls} calls x {CALL_INPUT_TOKENS:,} + {log_tokens:,} tokens of logs",
            talk.model_calls * CALL_INPUT_TOKENS + log_tokens,
            "Model input",
        ),
        Line(
            "Model, written",
            f"{talk.model_calls} calls x {CALL_OUTPUT_TOKENS} tokens",
            talk.model_calls * CALL_OUTPUT_TOKENS,
            "Model output",
        ),
        Line(
            "Agent's microVM, memory",
            f"{AGENT_GB} GB x ({TALK_MINUTES} + {stack.idle_minutes:g} idle) min",
            AGENT_GB * minutes / 60,
            "AgentCore Runtime memory",
        ),
        Line(
            "Agent's microVM, CPU",
            f"{cpu:.1f} s of one vCPU: turns without the waits, and {START_CPU_SECONDS} s of start",
            cpu / 3600,
            "AgentCore Runtime CPU",
        ),
        Line("Machine token of the session", f"{talk.tokens}", talk.tokens, "Cognito machine token"),
        Line("Secret read for it", f"{talk.secret_reads}", talk.secret_reads, "Secret read"),
        Line(
            "Gateway",
            f"{len(talk.calls)} tool calls + {2 * talk.gateway_sessions} to open the session and list the tools",
            len(talk.calls) + 2 * talk.gateway_sessions,
            "AgentCore Gateway call",
        ),
        Line(
            "Lambda, invocations",
            f"{talk.invocations} + {SOCKET_INVOCATIONS} for the socket",
            invocations,
            "Lambda request",
        ),
        Line(
            "Lambda, duration",
            f"{seconds:.2f} s x {stack.function_gb:g} GB",
            seconds * stack.function_gb,
            "Lambda arm64",
        ),
        Line(
            "Durable operations",
            f"{waiting} x {WAITING_OPERATIONS} + {other} x {OTHER_OPERATIONS}",
            waiting * WAITING_OPERATIONS + other * OTHER_OPERATIONS,
            "Durable operation",
        ),
        Line(
            "Durable data written",
            f"{waiting} answers x 2 copies x {MAX_CONTENT_BYTES / 1024:g} KB at most",
            waiting * 2 * MAX_CONTENT_BYTES / 1e9,
            "Durable data written",
        ),
        Line("WebSocket messages", f"{talk.messages}, none over 32 KB", talk.messages, "WebSocket message"),
        Line("WebSocket minutes", f"{CONNECTED_MINUTES}", CONNECTED_MINUTES, "WebSocket minute"),
        Line("DynamoDB reads", f"{talk.reads}", talk.reads, "DynamoDB read"),
        Line(
            "DynamoDB writes",
            f"({talk.writes} + {SOCKET_WRITES} for the socket) x {WRITE_UNITS} units",
            writes * WRITE_UNITS,
            "DynamoDB write",
        ),
        Line("Logs", f"{lines} lines x {LOG_LINE_BYTES} B", lines * LOG_LINE_BYTES / 1e9, "Log ingestion"),
        Line(
            "Spans, if every request is recorded",
            f"({invocations} invocations + {talk.model_calls} model calls) x {SPAN_KB_PER_INVOCATION} KB",
            (invocations + talk.model_calls) * SPAN_KB_PER_INVOCATION / 1e6,
            "Span ingestion",
        ),
    ]
    if stack.caches:
        kilobytes = talk.prompts * 2 * MAX_CONTENT_BYTES / 1024
        reckoning = f"{talk.prompts} turns x 2 x {MAX_CONTENT_BYTES / 1024:g} KB"
        return [*found, Line("Session memory in Valkey", reckoning, kilobytes, "ElastiCache ECPU")]
    return [
        *found,
        Line(
            "Session memory in S3, writes",
            f"{talk.prompts} turns x {SESSION_WRITES}",
            talk.prompts * SESSION_WRITES,
            "S3 write",
        ),
        Line(
            "Session memory in S3, reads",
            f"{talk.prompts} turns x {SESSION_READS}",
            talk.prompts * SESSION_READS,
            "S3 read",
        ),
    ]
