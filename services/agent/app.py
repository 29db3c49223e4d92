"""The container AgentCore Runtime starts: `POST /invocations` and `GET /ping` on port 8080.

A turn is accepted at once and runs as an async task; while one runs, `/ping` says HealthyBusy so
that AgentCore keeps the session's microVM.
"""

# bedrock_agentcore is only partly typed.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import logging
import os
from functools import cache

from bedrock_agentcore import BedrockAgentCoreApp
from bedrock_agentcore.runtime.context import RequestContext
from pydantic import ValidationError

from services import aws
from services.agent.gateway import Gateway
from services.agent.machine_token import MachineToken
from services.agent.memory import session_manager
from services.agent.model import build_model
from services.agent.queue import TurnQueue
from services.agent.turns import TurnRunner
from services.contract.settings import AgentSettings
from services.contract.turns import Acceptance, TurnRequest, TurnResponse
from services.delivery import Delivery
from services.logs import bound_contextvars, configure, get_logger
from services.stores.connections import Connections

app = BedrockAgentCoreApp()


@cache
def _queue() -> TurnQueue:
    settings = AgentSettings.from_environment()
    connections = Connections(aws.dynamodb(), settings.connections_table)
    token = MachineToken(
        settings.token_url,
        settings.machine_client_id,
        lambda: aws.secrets().get_secret_value(SecretId=settings.machine_client_secret_id)["SecretString"],
        settings.machine_scope,
    )
    runner = TurnRunner(
        model=build_model(settings),
        gateway=Gateway(settings.gateway_url, token, settings.mcp_call_seconds),
        delivery=Delivery(connections, aws.management(settings.websocket_management_url)),
        memory=lambda session_id: session_manager(session_id, settings.session_store, settings.session_ttl_seconds),
        turn_seconds=settings.turn_seconds,
    )
    return TurnQueue(
        run=runner.run,
        limit=settings.queue_limit,
        queued=runner.queued,
        repeated=runner.repeat,
        on_busy=lambda: app.add_async_task("turn"),
        on_idle=app.complete_async_task,
    )


@app.entrypoint
async def invoke(payload: object, context: RequestContext) -> dict[str, object]:
    """Take one turn.

    Args:
        payload: a TurnRequest as JSON.
        context: holds `session_id`, the runtimeSessionId, which only ws-manager can choose.

    Returns:
        a TurnResponse; the answer itself goes to the person's socket.
    """
    with bound_contextvars(session_id=context.session_id):
        try:
            request = TurnRequest.model_validate(payload)
        except ValidationError as invalid:
            get_logger().error("turn_invalid", faults=invalid.error_count())
            return TurnResponse(status=Acceptance.INVALID).model_dump(mode="json")
        if not context.session_id:
            get_logger().error("turn_without_session")
            return TurnResponse(status=Acceptance.INVALID).model_dump(mode="json")
        response = await _queue().offer(context.session_id, request)
        get_logger().info("turn_offered", request_id=request.request_id, status=response.status.value)
        return response.model_dump(mode="json")


def main() -> None:
    """Serve on PORT (8080 in AgentCore), on all interfaces inside the container."""
    configure("agent", AgentSettings.from_environment().log_level)
    # The SDK's own handler writes another format; its lines go through ours.
    sdk_logger = logging.getLogger("bedrock_agentcore.app")
    sdk_logger.handlers.clear()
    sdk_logger.setLevel(logging.WARNING)
    # Built now, so that a wrong setting stops the container instead of the first turn.
    _queue()
    app.run(port=int(os.environ.get("PORT", "8080")), host=os.environ.get("HOST", "0.0.0.0"))


if __name__ == "__main__":
    main()
