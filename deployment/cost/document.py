"""The generated parts of docs/cost.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

from components.network import REQUIRED_SERVICES
from deployment.cost import assumptions
from deployment.cost.bill import Line, idle, used
from deployment.cost.conversation import Conversation
from deployment.cost.prices import PRICES
from deployment.cost.stack import Stack
from deployment.cost.waiting import break_even, dollars, wait
from services.contract.limits import MAX_CONTENT_BYTES, TIMEOUTS
from validation.graph import Graph
from validation.recording import ROOT, record_stack

DOCUMENT = ROOT / "docs" / "cost.md"
STACKS = ("dev", "prod")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 0.005 or not dollars else "under $0.01"


def _lines_table(title: str, lines: Iterable[Line], times: int = 1) -> list[str]:
    lines = list(lines)
    rows = [_row(title, "quantity", "price", "dollars"), "| --- | --- | --- | ---: |"]
    for line in lines:
        price = PRICES[line.price]
        mark = "" if price.confirmed else " (not confirmed)"
        rows.append(_row(line.what, line.reckoning, price.text + mark, _money(line.dollars * times)))
    return [*rows, _row("**together**", "", "", f"**{_money(sum(line.dollars for line in lines) * times)}**")]


def _whole(dollars: float) -> str:
    """Rounded up: neither the prices nor a recording's times are better known, and no new recording moves it."""
    return f"${ceil(dollars):,}"


def _sum(lines: Iterable[Line], times: float = 1) -> str:
    return _whole(sum(line.dollars for line in lines) * times)


def blocks(stacks: Sequence[Stack], talk: Conversation) -> dict[str, str]:
    """Every generated part of the document, by its name there."""
    made: dict[str, list[str]] = {
        "summary": [
            _row("", *(stack.name for stack in stacks)),
            _row("---", *("---:" for _ in stacks)),
            _row("a month in which nobody connects", *(_sum(idle(stack)) for stack in stacks)),
            _row("1,000 conversations", *(_sum(used(stack, talk), 1000) for stack in stacks)),
            _row("of which the model", *(_sum(used(stack, talk)[:2], 1000) for stack in stacks)),
            _row(
                "custom metrics, when people chat all month",
                *(_whole(dollars("Custom metric", stack.custom_metrics)) for stack in stacks),
            ),
        ],
        "switches": _switches(stacks),
        "measured": _measured(talk),
        "wait": _waits(stacks, talk),
        "assumptions": [_row("assumption", "value"), "| --- | --- |", *(_row(*pair) for pair in _assumptions())],
        "prices": [
            _row("what", "price", "read in"),
            "| --- | --- | --- |",
            *(
                _row(name, price.text, price.source if price.confirmed else f"**not confirmed**: {price.source}")
                for name, price in PRICES.items()
            ),
        ],
    }
    for stack in stacks:
        made[f"idle-{stack.name}"] = _lines_table(f"{stack.name}, {stack.region}", idle(stack))
        made[f"use-{stack.name}"] = _lines_table(stack.name, used(stack, talk), 1000)
    return {name: "\n".join(rows) for name, rows in made.items()}


def _assumptions() -> list[tuple[str, str]]:
    return [
        ("The Mac is connected, for one conversation", f"{assumptions.CONNECTED_MINUTES} min"),
        (
            "First prompt to last answer, with reading and typing; then AgentCore waits the stack's idle time",
            f"{assumptions.TALK_MINUTES} min",
        ),
        (
            "Memory of the agent's microVM, system included (the agent's modules alone took 0.1 GB on a development "
            "machine)",
            f"{assumptions.AGENT_GB} GB",
        ),
        ("CPU until a new microVM answers", f"{assumptions.START_CPU_SECONDS} s of one vCPU"),
        (
            "Read by the model in one call: instructions and tool schemas are about 750 tokens, the rest is the "
            "conversation so far",
            f"{assumptions.CALL_INPUT_TOKENS:,} tokens",
        ),
        (
            "Logs that the Mac sends: all the protocol allows in one message, "
            f"{assumptions.CHARACTERS_PER_TOKEN} characters a token",
            f"{MAX_CONTENT_BYTES // assumptions.CHARACTERS_PER_TOKEN:,} tokens",
        ),
        ("Written by the model in one call", f"{assumptions.CALL_OUTPUT_TOKENS} tokens"),
        (
            "One log line; Lambda adds lines of its own to each invocation, API Gateway one to each message",
            f"{assumptions.LOG_LINE_BYTES} B; {assumptions.PLATFORM_LINES} lines",
        ),
        ("Spans of one invocation or model call", f"{assumptions.SPAN_KB_PER_INVOCATION} KB"),
        (
            "S3 requests of one turn, where S3 is the session memory",
            f"{assumptions.SESSION_WRITES} writes, {assumptions.SESSION_READS} reads",
        ),
        ("One compressed agent image", f"{assumptions.IMAGE_GB} GB"),
        ("Transitions of a Step Functions workflow with one waiting task", f"{assumptions.TRANSITIONS}"),
    ]


def _switches(stacks: Sequence[Stack]) -> list[str]:
    """Settings that a stack in a VPC could do without."""
    rows = [_row("setting", "instead", "saves a month"), "| --- | --- | ---: |"]
    for stack in stacks:
        if not stack.zones:
            continue
        whole = sum(line.dollars for line in idle(stack))
        cheaper: list[tuple[str, str, Stack]] = [
            ("natGateways", "`single`: all zones lose the internet with one", replace(stack, nat_gateways=1)),
            (
                "privateEndpoints",
                "`false`: those calls go through NAT, at $0.045 a GB",
                replace(stack, interface_endpoints=len(REQUIRED_SERVICES)),
            ),
            ("alarms", "`false`: nobody is told", replace(stack, alarms=0, alarm_metrics=0)),
            (
                "sessionMemory`, `agentNetwork",
                "`s3` and `public`: no VPC",
                replace(stack, zones=0, nat_gateways=0, interface_endpoints=0, caches=0),
            ),
        ]
        for key, instead, other in cheaper:
            saved = whole - sum(line.dollars for line in idle(other))
            rows.append(_row(f"{stack.name}: `{key}`", instead, _money(saved)))
    return rows


def _measured(talk: Conversation) -> list[str]:
    rows = [_row("tool call", "mcp-proxy billed", "suspended"), "| --- | ---: | ---: |"]
    for call in talk.calls:
        waited = f"{call.waited_ms:,.0f} ms" if call.waiting else "does not wait"
        rows.append(_row(f"`{call.tool}`", f"{call.billed_ms:,.0f} ms", waited))
    return rows


def _waits(stacks: Sequence[Stack], talk: Conversation) -> list[str]:
    """By stack and length; the two lengths beyond the measured ones are a person who thinks, and nobody there."""
    calls = [call for call in talk.calls if call.waiting]
    waits = [(call, call.waited_ms / 1000) for call in calls] + [(calls[-1], 60.0), (calls[-1], TIMEOUTS.callback)]
    heads = ("waits", "durable", "Lambda that sleeps", "Step Functions", "agent's microVM", "socket")
    rows = [_row("stack", *heads), "| --- " + "| ---: " * len(heads) + "|"]
    for stack in stacks:
        for call, seconds in waits:
            cost = wait(stack, call, seconds)
            dollars = (cost.durable, cost.sleeping, cost.step_functions, cost.microvm, cost.socket)
            rows.append(_row(stack.name, f"{seconds:.1f} s", *map(_money, dollars)))
    even = " and ".join(f"{break_even(stack):.1f} s in {stack.name} ({stack.function_gb:g} GB)" for stack in stacks)
    return [*rows, "", f"Suspending is cheaper than sleeping from {even} on."]


def render(text: str, made: Mapping[str, str]) -> str:
    """The document with its generated parts replaced.

    Raises:
        ValueError: the document and `made` do not have the same parts.
    """
    for name, block in made.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"docs/cost.md must have {begin} and {end} once")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{block}\n{end}{rest.partition(end)[2]}"
    return text


def current(record: Callable[[str], Graph] = record_stack, document: Path = DOCUMENT) -> str:
    """The document as it should be."""
    stacks = [Stack.of(record(stack)) for stack in STACKS]
    return render(document.read_text(encoding="utf-8"), blocks(stacks, Conversation.recorded()))
