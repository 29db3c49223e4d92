"""The timeout chain and the size limits."""

from __future__ import annotations

from typing import Any

import pytest

from services.contract import limits
from services.contract.fixtures import CALLBACK
from services.contract.limits import TIMEOUTS, TimeoutChain
from services.contract.messages import encode
from services.contract.tools import REGISTRY


def test_the_chain_in_use_is_nested() -> None:
    assert 0 < TIMEOUTS.callback < TIMEOUTS.execution < TIMEOUTS.mcp_call < TIMEOUTS.turn
    assert TIMEOUTS.execution <= 900
    assert TIMEOUTS.accept < TIMEOUTS.integration < 29


@pytest.mark.parametrize(
    ("layers", "complaint"),
    [
        ({"callback": 180}, "callback must be positive and below execution"),
        ({"callback": 181}, "callback must be positive and below execution"),
        ({"callback": 0}, "callback must be positive"),
        ({"callback": -1}, "callback must be positive"),
        ({"execution": 210}, "execution must be positive and below mcp_call"),
        ({"mcp_call": 600}, "mcp_call must be positive and below turn"),
        ({"turn": 210}, "mcp_call must be positive and below turn"),
        ({"execution": 901, "mcp_call": 1_000, "turn": 2_000}, "execution must not exceed 900"),
        ({"accept": 12.6}, "two accept budgets"),
        ({"accept": 0}, "two accept budgets"),
        ({"accept": 12.0, "integration": 16.9}, "two accept budgets"),
        ({"integration": 29}, "integration must be below 29 s"),
    ],
)
def test_a_violated_nesting_is_refused(layers: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        TimeoutChain(**layers)


def test_the_outermost_nestings_that_still_hold() -> None:
    assert TimeoutChain(callback=179).callback == 179
    assert TimeoutChain(execution=900, mcp_call=901, turn=902).execution == 900
    assert TimeoutChain(accept=12.5).accept == limits.LONGEST_ACCEPT
    assert TimeoutChain(integration=28.9).integration == 28.9


def test_no_tool_waits_longer_than_the_chain_allows() -> None:
    waits = [tool.callback_timeout for tool in REGISTRY.tools if tool.callback_timeout is not None]
    assert waits
    assert all(0 < wait <= TIMEOUTS.callback for wait in waits)


def test_the_largest_content_fits_one_frame_with_its_envelope() -> None:
    content = "ü" * (limits.MAX_CONTENT_BYTES // 2)
    message = encode({"action": "async_callback", "callback_id": CALLBACK, "content": content})
    assert len(message) <= limits.SAFE_FRAME_BYTES < limits.MAX_FRAME_BYTES <= limits.MAX_MESSAGE_BYTES


def test_connection_rows_outlive_the_longest_connection() -> None:
    assert limits.CONNECTION_ROW_LIFETIME > limits.CONNECTION_LIFETIME == 7_200
