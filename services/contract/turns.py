"""What ws-manager and the agent say to each other through InvokeAgentRuntime."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.contract.limits import MAX_PROMPT_CHARACTERS
from services.contract.messages import MessageId, SessionName


class TurnRequest(BaseModel):
    """A prompt handed to the agent. The session travels as `runtimeSessionId`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["turn"] = "turn"
    request_id: MessageId
    session_name: SessionName
    prompt: Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)]
    accept_before: float
    """Seconds since the epoch. After it the sender has given up and told the person so."""


class Acceptance(StrEnum):
    """What the agent says to a turn, at once."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    DUPLICATE = "duplicate"
    """It has this request already; nothing more happens."""
    BUSY = "busy"
    """The session's queue is full; the same request may be sent again."""
    EXPIRED = "expired"
    """It arrived after `accept_before` and was not taken."""
    INVALID = "invalid"


class TurnResponse(BaseModel):
    """The agent's immediate answer to a TurnRequest."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Acceptance
    position: int = 0
