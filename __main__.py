"""Deskside in AWS: one environment a stack. Reads top to bottom as the architecture does."""

import pulumi
import pulumi_aws as aws

from components.account import AccountSettings
from components.agent_image import AgentImage
from components.agent_runtime import AgentRuntime
from components.durable_function import DurableFunction
from components.environment import environment
from components.identity import Identity
from components.location import locate
from components.model_access import model_statements
from components.naming import prefix, underscored
from components.network import Network
from components.observability import Observability
from components.permissions import agent_statements, mcp_proxy_statements, ws_manager_statements
from components.python_function import PythonFunction
from components.session_memory import S3SessionMemory, ValkeySessionMemory
from components.settings import AgentNetwork, NatGateways, SessionMemoryKind, Settings
from components.tables import Tables
from components.tool_gateway import ToolGateway
from components.websocket_api import WebSocketApi
from components.websocket_routes import WebSocketRoutes
from deployment.artifacts import Artifacts
from services.contract.limits import TIMEOUTS
from services.contract.settings import AgentSettings, AuthorizerSettings, McpProxySettings, WsManagerSettings
from services.contract.tools import TOOLS

settings = Settings.load()
artifacts = Artifacts.verified(settings.dist_folder)
project, stack = pulumi.get_project(), pulumi.get_stack()
name = prefix(project, stack)

provider = aws.Provider(
    name,
    region=settings.region,
    allowed_account_ids=[settings.account_id] if settings.account_id else None,
    default_tags={"tags": {**settings.tags, "Project": project, "Environment": stack, "ManagedBy": "Pulumi"}},
)
location = locate(provider, settings.region)
everywhere = pulumi.ResourceOptions(providers=[provider])

account = AccountSettings(f"{name}-account", {"location": location}, everywhere) if settings.account_settings else None

network = (
    Network(
        f"{name}-network",
        {
            "location": location,
            "cidr": settings.vpc_cidr,
            "zone_ids": settings.zones,
            "nat_gateway_per_zone": settings.nat_gateways is NatGateways.ONE_PER_ZONE,
            "private_endpoints": settings.private_endpoints,
        },
        everywhere,
    )
    if settings.agent_network is AgentNetwork.VPC
    else None
)
memory = (
    ValkeySessionMemory(
        f"{name}-memory",
        {
            "location": location,
            "vpc_id": network.vpc_id,
            "subnet_ids": network.private_subnet_ids,
            "client_security_group_id": network.agent_security_group_id,
            "protect": settings.protect,
        },
        everywhere,
    )
    if network and settings.session_memory is SessionMemoryKind.VALKEY
    else S3SessionMemory(
        f"{name}-memory", {"session_days": settings.session_days, "protect": settings.protect}, everywhere
    )
)
tables = Tables(f"{name}-tables", {"protect": settings.protect}, everywhere)
identity = Identity(
    f"{name}-identity",
    {
        "location": location,
        "domain": settings.sign_in_domain,
        "callback_urls": settings.app_callback_urls,
        "protect": settings.protect,
    },
    everywhere,
)
socket = WebSocketApi(f"{name}-socket", {"stage_name": "live"}, everywhere)

mcp_proxy = DurableFunction(
    f"{name}-mcp-proxy",
    {
        "location": location,
        "description": "Answers the agent's tool calls; suspended while a Mac is asked",
        "package": artifacts.mcp_proxy,
        "handler": "services.mcp_proxy.handler.handler",
        "memory_mb": settings.function_memory_mb,
        # Of one invocation, which takes milliseconds. AWS's text can be read as if a synchronous call of a durable
        # function ended with it, suspensions included, so it is not shorter than the execution.
        "timeout_seconds": TIMEOUTS.execution,
        "execution_timeout_seconds": TIMEOUTS.execution,
        "log_retention_days": settings.log_retention_days,
        "environment": environment(
            lambda read: McpProxySettings(
                log_level=settings.log_level,
                connections_table=read(tables.connections_name),
                requests_table=read(tables.requests_name),
                websocket_management_url=read(socket.management_url),
            )
        ),
        "statements": mcp_proxy_statements(tables, socket),
    },
    everywhere,
)
gateway = ToolGateway(
    f"{name}-tools",
    {
        "location": location,
        "discovery_url": identity.discovery_url,
        "allowed_clients": [identity.machine_client_id],
        "allowed_scopes": [identity.machine_scope],
        "function_alias_arn": mcp_proxy.alias_arn,
        "tools": [tool.gateway_schema() for tool in TOOLS],
    },
    # Its traces are delivered only once the account takes them.
    pulumi.ResourceOptions(providers=[provider], depends_on=[account] if account else None),
)

image = AgentImage(
    f"{name}-image",
    {
        "location": location,
        "source": artifacts.agent_source,
        "source_hash": artifacts.agent_source_hash,
        "builder_package": artifacts.deploy_hooks,
        "model_packages": settings.model_packages,
        "log_retention_days": settings.log_retention_days,
        "protect": settings.protect,
    },
    everywhere,
)
runtime = AgentRuntime(
    f"{name}-agent",
    {
        "location": location,
        "runtime_name": underscored(name),
        "image_uri": image.uri,
        "repository_arn": image.repository_arn,
        "hooks_package": artifacts.deploy_hooks,
        "network": {
            "subnet_ids": network.private_subnet_ids,
            "security_group_ids": [network.agent_security_group_id],
        }
        if network
        else None,
        "idle_seconds": settings.agent_idle_minutes * 60,
        "lifetime_seconds": settings.agent_lifetime_minutes * 60,
        "log_retention_days": settings.log_retention_days,
        "environment": environment(
            lambda read: AgentSettings(
                log_level=settings.log_level,
                connections_table=read(tables.connections_name),
                websocket_management_url=read(socket.management_url),
                gateway_url=read(gateway.url),
                token_url=read(identity.token_url),
                machine_client_id=read(identity.machine_client_id),
                machine_client_secret_id=read(identity.machine_secret_arn),
                machine_scope=read(identity.machine_scope),
                model_id=settings.model_id,
                session_store=read(memory.store_url),
                session_ttl_seconds=settings.session_days * 24 * 60 * 60,
            )
        ),
        "statements": agent_statements(
            tables,
            socket,
            identity,
            model_statements(location, settings.model_id, settings.model_regions),
            memory.statements(),
        ),
    },
    # Built before the runtime that runs it, in each update.
    pulumi.ResourceOptions(providers=[provider], depends_on=[image]),
)

ws_manager = PythonFunction(
    f"{name}-ws-manager",
    {
        "location": location,
        "description": "Answers every route of the WebSocket API",
        "package": artifacts.ws_manager,
        "handler": "services.ws_manager.handler.handler",
        "memory_mb": settings.function_memory_mb,
        # Until then nobody waits for it any more.
        "timeout_seconds": int(TIMEOUTS.integration),
        "log_retention_days": settings.log_retention_days,
        "environment": environment(
            lambda read: WsManagerSettings(
                log_level=settings.log_level,
                connections_table=read(tables.connections_name),
                requests_table=read(tables.requests_name),
                websocket_management_url=read(socket.management_url),
                agent_runtime_arn=read(runtime.arn),
                agent_runtime_qualifier=read(runtime.endpoint_name),
            )
        ),
        "statements": ws_manager_statements(tables, socket, mcp_proxy, runtime.arn, runtime.endpoint_arn),
    },
    everywhere,
)
authorizer = PythonFunction(
    f"{name}-authorizer",
    {
        "location": location,
        "description": "Decides who may open a WebSocket",
        "package": artifacts.ws_manager,
        "handler": "services.ws_manager.authorizer.handler",
        "memory_mb": settings.function_memory_mb,
        "timeout_seconds": 10,
        "log_retention_days": settings.log_retention_days,
        "environment": environment(
            lambda read: AuthorizerSettings(
                log_level=settings.log_level,
                user_pool_issuer=read(identity.issuer),
                user_pool_client_ids=read(identity.app_client_id),
            )
        ),
        "statements": [],
    },
    everywhere,
)
routes = WebSocketRoutes(
    f"{name}-routes",
    {
        "api_id": socket.api_id,
        "execution_arn": socket.execution_arn,
        "stage_name": socket.stage_name,
        "function": {
            "name": ws_manager.function_name,
            "alias": ws_manager.alias_name,
            "invoke_arn": ws_manager.invoke_arn,
        },
        "authorizer": {
            "name": authorizer.function_name,
            "alias": authorizer.alias_name,
            "invoke_arn": authorizer.invoke_arn,
        },
        "message_rate": settings.message_rate,
        "message_burst": settings.message_burst,
        "log_retention_days": settings.log_retention_days,
    },
    # The stage can log only once the account allows it.
    pulumi.ResourceOptions(providers=[provider], depends_on=[account] if account else None),
)
observability = Observability(
    f"{name}-watch",
    {
        "location": location,
        "namespace": f"Deskside/{name}",
        "alarms": settings.alarms,
        "alarm_email": settings.alarm_email,
        "tools": [tool.name for tool in TOOLS],
        "function_memory_mb": settings.function_memory_mb,
        "model_id": settings.model_id,
        "api_id": socket.api_id,
        "stage_name": socket.stage_name,
        "access_log_group_name": routes.access_log_group_name,
        "ws_manager": {"function_name": ws_manager.function_name, "log_group_name": ws_manager.log_group_name},
        "authorizer": {"function_name": authorizer.function_name, "log_group_name": authorizer.log_group_name},
        "mcp_proxy": {"function_name": mcp_proxy.function_name, "log_group_name": mcp_proxy.log_group_name},
        "mcp_proxy_function_arn": mcp_proxy.function_arn,
        "agent_runtime_arn": runtime.arn,
        "agent_runtime_name": underscored(name),
        "agent_endpoint_name": runtime.endpoint_name,
        "agent_log_group_name": runtime.log_group_name,
        "gateway_arn": gateway.arn,
        "tables": {"connections": tables.connections_name, "requests": tables.requests_name},
        "cache_name": memory.cache_name if isinstance(memory, ValkeySessionMemory) else None,
    },
    everywhere,
)

pulumi.export("websocketUrl", socket.url)
pulumi.export("agentRuntimeArn", runtime.arn)
pulumi.export("agentEndpointArn", runtime.endpoint_arn)
pulumi.export("gatewayUrl", gateway.url)
pulumi.export("userPoolId", identity.user_pool_id)
pulumi.export("appClientId", identity.app_client_id)
pulumi.export("appCallbackUrls", settings.app_callback_urls)
pulumi.export("machineClientId", identity.machine_client_id)
pulumi.export("signInUrl", identity.sign_in_url)
pulumi.export("imageRepositoryUri", image.repository_uri)
pulumi.export("dashboardUrl", observability.dashboard_url)
