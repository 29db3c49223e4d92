"""What ws-manager and the agent say to each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.contract.limits import MAX_PROMPT_CHARACTERS
from services.contract.turns import Acceptance, TurnRequest, TurnResponse

TURN = {"request_id": "req-1", "session_name": "abc-123", "prompt": "Hi", "accept_before": 1.5}


def test_a_turn_survives_the_wire() -> None:
    turn = TurnRequest.model_validate(TURN)
    assert turn.kind == "turn"
    assert TurnRequest.model_validate_json(turn.model_dump_json()) == turn
    assert TurnRequest.model_validate({**TURN, "new": 1}) == turn


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 65},
        {"session_name": "a/b"},
        {"prompt": ""},
        {"prompt": "x" * (MAX_PROMPT_CHARACTERS + 1)},
        {"accept_before": None},
    ],
)
def test_a_bad_turn_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TurnRequest.model_validate({**TURN, **change})


def test_the_request_ids_of_api_gateway_are_acceptable() -> None:
    assert TurnRequest.model_validate({**TURN, "request_id": "L0SM9cOFvHcCIhw="})


@pytest.mark.parametrize("status", list(Acceptance))
def test_a_response_survives_the_wire(status: Acceptance) -> None:
    response = TurnResponse(status=status, position=2)
    assert TurnResponse.model_validate_json(response.model_dump_json()) == response


@pytest.mark.parametrize("body", ["", "null", "{}", '{"status": "fine"}', '{"error": "boom"}'])
def test_anything_else_is_no_response(body: str) -> None:
    with pytest.raises(ValidationError):
        TurnResponse.model_validate_json(body)
