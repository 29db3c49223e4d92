"""Handing a prompt to the agent within a budget, never twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
)
from pydantic import ValidationError

from services.contract.errors import ErrorCode
from services.contract.turns import Acceptance, TurnRequest, TurnResponse
from services.logs import get_logger

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore import BedrockAgentCoreClient

NOT_DELIVERED = frozenset({"ThrottlingException", "RetryableConflictException", "ServiceQuotaExceededException"})
"""Errors AgentCore gives before the container sees the request. Any other error leaves open
whether the turn began, and is therefore not retried."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds of back-off before jitter. Our own figures."""

RESERVE = 0.5
"""Seconds of the budget that must be left for another attempt to make sense."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one call ended: what to tell the person, and whether another try is safe."""

    error: ErrorCode | None
    again: bool


ATTEMPTS: dict[Acceptance, Attempt] = {
    Acceptance.ACCEPTED: Attempt(None, again=False),
    Acceptance.QUEUED: Attempt(None, again=False),
    Acceptance.DUPLICATE: Attempt(None, again=False),
    Acceptance.BUSY: Attempt(ErrorCode.AGENT_BUSY, again=True),
    Acceptance.EXPIRED: Attempt(ErrorCode.AGENT_UNAVAILABLE, again=False),
    Acceptance.INVALID: Attempt(ErrorCode.INTERNAL_ERROR, again=False),
}


class TurnCourier:
    """Delivers turns to the agent runtime.

    Args:
        client: builds the client for a read timeout in seconds.
        arn, qualifier: the runtime and its endpoint.
        budget: seconds within which attempts begin; each may take as long as the whole of it, so
            that a slow but successful one is not cut off (services.contract.limits.LONGEST_ACCEPT).
    """

    def __init__(
        self,
        client: Callable[[float], BedrockAgentCoreClient],
        arn: str,
        qualifier: str,
        budget: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client(budget)
        self._arn = arn
        self._qualifier = qualifier
        self._budget = budget
        self._sleep = sleep

    def deliver(self, session_id: str, request_id: str, session_name: str, prompt: str) -> ErrorCode | None:
        """Hand over one prompt. None means the agent has it and will answer by itself."""
        give_up = time.time() + self._budget
        turn = TurnRequest(request_id=request_id, session_name=session_name, prompt=prompt, accept_before=give_up)
        pause = FIRST_PAUSE
        while True:
            attempt = self._attempt(session_id, turn)
            if not attempt.again or give_up - time.time() < pause + RESERVE:
                return attempt.error
            # Full jitter, so that a crowd that was refused together does not come back together.
            self._sleep(random.uniform(0, pause))  # noqa: S311
            pause = min(pause * 2, LONGEST_PAUSE)

    def _attempt(self, session_id: str, turn: TurnRequest) -> Attempt:
        try:
            response = self._client.invoke_agent_runtime(
                agentRuntimeArn=self._arn,
                qualifier=self._qualifier,
                runtimeSessionId=session_id,
                contentType="application/json",
                accept="application/json",
                payload=turn.model_dump_json().encode(),
            )
            answer = TurnResponse.model_validate_json(response["response"].read())
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            get_logger().warning("agent_refused", reason=code)
            if code in NOT_DELIVERED:
                return Attempt(ErrorCode.AGENT_UNAVAILABLE, again=True)
            return Attempt(ErrorCode.TURN_UNCONFIRMED, again=False)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            get_logger().warning("agent_unreachable", reason=type(error).__name__)
            return Attempt(ErrorCode.AGENT_UNAVAILABLE, again=True)
        except (BotoCoreError, ValidationError, OSError) as error:
            # It may have begun: a second try could run it twice.
            get_logger().error("agent_answer_lost", reason=type(error).__name__)
            return Attempt(ErrorCode.TURN_UNCONFIRMED, again=False)
        get_logger().info("turn_delivered", status=answer.status.value, position=answer.position)
        return ATTEMPTS[answer.status]
