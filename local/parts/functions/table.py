"""The deployed functions: names, handlers and limits, as the infrastructure declares them."""

from __future__ import annotations

from dataclasses import dataclass

from local.config import ACCOUNT, ALIAS, AUTHORIZER, MCP_PROXY, REGION, WS_MANAGER
from services.contract.limits import TIMEOUTS

LATEST = "$LATEST"
PUBLISHED_VERSION = "1"
"""What an alias points at: the local stack publishes one version."""


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function.

    Args:
        name: the function's name, without qualifier.
        handler: `module.attribute`, exactly as deployed.
        timeout: seconds one invocation may take.
        memory_mb: what the context reports; nothing enforces it here.
        alias: the alias that points at the published version, if there is one.
        execution_timeout: seconds a durable execution may take; None for an ordinary function.
        settings: whose typed settings it gets (`LocalConfig.service_environment`); None for none.
        concurrency: invocations running or waiting for a process; one more is answered 429
            (AWS: 1,000 for an account).
        processes: most processes at once. Our own figure: each takes 50 to 100 MB.
    """

    name: str
    handler: str
    timeout: float
    memory_mb: int = 512
    alias: str | None = None
    execution_timeout: int | None = None
    settings: str | None = None
    concurrency: int = 1000
    processes: int = 20

    @property
    def durable(self) -> bool:
        return self.execution_timeout is not None

    @property
    def version(self) -> str:
        """The version its processes run."""
        return PUBLISHED_VERSION if self.alias else LATEST

    @property
    def qualifiers(self) -> frozenset[str]:
        """Every qualifier that resolves."""
        return frozenset({LATEST, *((self.alias, PUBLISHED_VERSION) if self.alias else ())})

    def arn(self, qualifier: str | None = None) -> str:
        """The function's ARN as a caller would write it."""
        return function_arn(self.name, qualifier)


def function_arn(name: str, qualifier: str | None = None) -> str:
    """The ARN of a function of this account, whether or not it exists."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")


FUNCTIONS: tuple[Function, ...] = (
    Function(
        WS_MANAGER,
        "services.ws_manager.handler.handler",
        timeout=TIMEOUTS.integration,
        settings=WS_MANAGER,
    ),
    Function(AUTHORIZER, "services.ws_manager.authorizer.handler", timeout=10, settings=AUTHORIZER),
    Function(
        MCP_PROXY,
        "services.mcp_proxy.handler.handler",
        timeout=60,
        alias=ALIAS,
        execution_timeout=TIMEOUTS.execution,
        settings=MCP_PROXY,
    ),
)
