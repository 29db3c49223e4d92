"""The pending-request table: what was asked of a Mac and still waits for its answer.

Key (`session_id`, `callback_id`): a session can only ever reach its own requests, and `hello`
reads what still waits consistently. The id on the wire stands for the durable callback's id,
which never leaves AWS. Rows outlive their deadline a while (TTL `expires_at`) so that late
and duplicate answers are recognised.

    waiting --claim--> answering --settle--> answered
       |  ^--release-----'  |
       '--close--> closed <-'--expire
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from services.contract.tools import ArgumentValue

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

REMEMBERED_SECONDS = 60 * 60
"""How long an ended request is remembered. Our own figure."""

CLAIM_SECONDS = 10
"""After this a claim whose holder died is free again; above the 7 s its one call to Lambda takes at most."""


class Status(StrEnum):
    WAITING = "waiting"
    ANSWERING = "answering"
    ANSWERED = "answered"
    CLOSED = "closed"


class ClaimRefused(StrEnum):
    """Why an answer was not let through."""

    UNKNOWN = "unknown"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """One request to a Mac."""

    session_id: str
    callback_id: str
    """Its name on the wire."""
    durable_callback_id: str
    """Its name for Lambda."""
    tool: str
    arguments: Mapping[str, ArgumentValue]
    """As mcp-proxy accepted them."""
    deadline: float
    """Seconds since the epoch."""
    request_id: str
    tool_call_id: str
    status: Status = Status.WAITING
    claimed_at: float = 0.0
    created_at: float = field(default=0.0, compare=False)
    """Seconds since the epoch; the table's to say, so it is known only of a request that was read."""

    def open_at(self, now: float) -> bool:
        """Whether an answer is still awaited."""
        abandoned = self.status is Status.ANSWERING and self.claimed_at < now - CLAIM_SECONDS
        return self.deadline > now and (self.status is Status.WAITING or abandoned)


def wire_id(durable_callback_id: str) -> str:
    """The single-use id the Mac sees. The same callback always gets the same one, so that a
    repeated step recognises its own row."""
    return f"cb-{hashlib.sha256(durable_callback_id.encode()).hexdigest()[:32]}"


class PendingRequests:
    """Reads and writes of the pending-request table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def open(self, request: PendingRequest) -> None:
        """Record a request before it is pushed. Recording it again changes nothing."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(request.session_id, request.callback_id),
                    "durable_callback_id": {"S": request.durable_callback_id},
                    "tool": {"S": request.tool},
                    "arguments": {"S": json.dumps(dict(request.arguments))},
                    "deadline": {"N": repr(request.deadline)},
                    "request_id": {"S": request.request_id},
                    "tool_call_id": {"S": request.tool_call_id},
                    "status": {"S": Status.WAITING.value},
                    "claimed_at": {"N": "0"},
                    "created_at": {"N": repr(time.time())},
                    "expires_at": {"N": str(int(request.deadline) + REMEMBERED_SECONDS)},
                },
                ConditionExpression="attribute_not_exists(callback_id)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def get(self, session_id: str, callback_id: str) -> PendingRequest | None:
        """The request if it was sent to this very session, read consistently."""
        found = self._client.get_item(TableName=self._table, Key=_key(session_id, callback_id), ConsistentRead=True)
        item = found.get("Item")
        return _decode(item) if item else None

    def waiting(self, session_id: str) -> list[PendingRequest]:
        """Requests this session may still answer, oldest first."""
        items: list[dict[str, AttributeValueTypeDef]] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": session_id}},
            ConsistentRead=True,
        )
        for page in pages:
            items.extend(page["Items"])
        now = time.time()
        rows = [(float(item["created_at"].get("N", "0")), _decode(item)) for item in items]
        return [row for _, row in sorted(rows, key=lambda pair: pair[0]) if row.open_at(now)]

    def claim(self, request: PendingRequest) -> ClaimRefused | None:
        """Take the one right to answer. None means it is ours; decided by DynamoDB, not by us."""
        now = time.time()
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(request.session_id, request.callback_id),
                UpdateExpression="SET #status = :answering, claimed_at = :now",
                ConditionExpression=(
                    "attribute_exists(callback_id) AND deadline > :now AND "
                    "(#status = :waiting OR (#status = :answering AND claimed_at < :abandoned))"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":answering": {"S": Status.ANSWERING.value},
                    ":waiting": {"S": Status.WAITING.value},
                    ":now": {"N": repr(now)},
                    ":abandoned": {"N": repr(now - CLAIM_SECONDS)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            current = self.get(request.session_id, request.callback_id)
            return ClaimRefused.UNKNOWN if current is None else why_refused(current)
        return None

    def release(self, request: PendingRequest) -> None:
        """Give a claim back: the answer could not be handed on and may be sent again."""
        self._move(request, Status.ANSWERING, Status.WAITING)

    def settle(self, request: PendingRequest) -> None:
        """Mark the request as answered."""
        self._move(request, Status.ANSWERING, Status.ANSWERED)

    def expire(self, request: PendingRequest) -> None:
        """Lambda does not wait any more: what was claimed came too late."""
        self._move(request, Status.ANSWERING, Status.CLOSED)

    def close(self, request: PendingRequest) -> None:
        """Nobody waits any more: it is neither delivered again nor answered."""
        self._move(request, Status.WAITING, Status.CLOSED)

    def _move(self, request: PendingRequest, current: Status, following: Status) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(request.session_id, request.callback_id),
                UpdateExpression="SET #status = :following",
                ConditionExpression="#status = :current",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":current": {"S": current.value}, ":following": {"S": following.value}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # it has moved on meanwhile, and its new state stands


def why_refused(request: PendingRequest) -> ClaimRefused:
    """Why a request that is not open takes no answer."""
    if request.status in (Status.ANSWERED, Status.ANSWERING):
        return ClaimRefused.ANSWERED
    return ClaimRefused.EXPIRED


def _key(session_id: str, callback_id: str) -> dict[str, AttributeValueTypeDef]:
    return {"session_id": {"S": session_id}, "callback_id": {"S": callback_id}}


def _decode(item: Mapping[str, AttributeValueTypeDef]) -> PendingRequest:
    return PendingRequest(
        session_id=item["session_id"].get("S", ""),
        callback_id=item["callback_id"].get("S", ""),
        durable_callback_id=item["durable_callback_id"].get("S", ""),
        tool=item["tool"].get("S", ""),
        arguments=cast(dict[str, ArgumentValue], json.loads(item["arguments"].get("S", "{}"))),
        deadline=float(item["deadline"].get("N", "0")),
        request_id=item["request_id"].get("S", ""),
        tool_call_id=item["tool_call_id"].get("S", ""),
        status=Status(item["status"].get("S", Status.CLOSED.value)),
        claimed_at=float(item["claimed_at"].get("N", "0")),
        created_at=float(item["created_at"].get("N", "0")),
    )
