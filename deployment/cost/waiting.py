"""One waiting tool call, three ways."""

from dataclasses import dataclass

from deployment.cost.assumptions import AGENT_GB, TRANSITIONS, WAITING_OPERATIONS
from deployment.cost.bill import Line
from deployment.cost.conversation import ToolCall
from deployment.cost.stack import Stack


@dataclass(frozen=True, slots=True)
class Wait:
    """One million waiting tool calls, in dollars: by how they wait, and what is billed whichever way it is."""

    seconds: float
    durable: float
    sleeping: float
    step_functions: float
    microvm: float
    socket: float


def dollars(price: str, quantity: float) -> float:
    """Of so much of one thing."""
    return Line("", "", quantity, price).dollars


def wait(stack: Stack, call: ToolCall, seconds: float) -> Wait:
    """The three ways to wait so long, with the Lambda time that was measured for `call`.

    All do the same work: the sleeping Lambda saves the second request, not the time it took.
    """
    million, gb, worked = 1e6, stack.function_gb, call.billed_ms / 1000
    return Wait(
        seconds=seconds,
        durable=dollars("Lambda request", 2 * million)
        + dollars("Lambda arm64", worked * gb * million)
        + dollars("Durable operation", WAITING_OPERATIONS * million),
        sleeping=dollars("Lambda request", million) + dollars("Lambda arm64", (worked + seconds) * gb * million),
        step_functions=dollars("Lambda request", million)
        + dollars("Lambda arm64", worked * gb * million)
        + dollars("Step Functions transition", TRANSITIONS * million),
        microvm=dollars("AgentCore Runtime memory", AGENT_GB * seconds / 3600 * million),
        socket=dollars("WebSocket minute", seconds / 60 * million),
    )


def break_even(stack: Stack) -> float:
    """Seconds of wait from which suspending is cheaper than sleeping."""
    extra = dollars("Durable operation", WAITING_OPERATIONS) + dollars("Lambda request", 1)
    return extra / dollars("Lambda arm64", stack.function_gb)
