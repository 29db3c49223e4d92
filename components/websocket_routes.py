"""What the WebSocket API does with messages: authorizer, integrations, routes, deployment, stage and logs."""

import hashlib
import json
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from services.contract.limits import TIMEOUTS
from services.contract.messages import CLIENT_MESSAGES, Message, Pong, encode

FIXED_ANSWERS: Final[dict[str, Message]] = {"ping": Pong()}
"""What API Gateway answers by itself, by `action`: no function runs for a client that only keeps its socket open."""

ACCESS_LOG_FIELDS: Final = {
    "requestId": "$context.requestId",
    "extendedRequestId": "$context.extendedRequestId",
    "requestTime": "$context.requestTime",
    "eventType": "$context.eventType",
    "routeKey": "$context.routeKey",
    "connectionId": "$context.connectionId",
    "status": "$context.status",
    "error": "$context.error.message",
    "errorType": "$context.error.responseType",
    "integrationStatus": "$context.integration.status",
    "integrationError": "$context.integration.error",
    "integrationLatency": "$context.integrationLatency",
    "integrationRequestId": "$context.integration.requestId",
    "authorizerStatus": "$context.authorizer.status",
    "authorizerError": "$context.authorizer.error",
    "authorizerLatency": "$context.authorizer.latency",
}
"""One JSON object a connection or message. Values without meaning for an event arrive as `-`.

Neither token nor message is in it, and no address (`identity.sourceIp`), browser or subject either: they
would be personal data of everybody, kept for the few cases in which ws-manager's own logs do not tell
enough; those name the connection's owner.
"""


class InvokedFunctionArgs(TypedDict):
    """A function as API Gateway calls it: always through its alias."""

    name: pulumi.Input[str]
    alias: pulumi.Input[str]
    invoke_arn: pulumi.Input[str]
    """Of the alias."""


class WebSocketRoutesArgs(TypedDict):
    """Inputs of WebSocketRoutes."""

    api_id: pulumi.Input[str]
    execution_arn: pulumi.Input[str]
    """Of the API."""
    stage_name: str
    """The stage that the API's address names."""
    function: InvokedFunctionArgs
    """ws-manager, which answers every route but those of FIXED_ANSWERS."""
    authorizer: InvokedFunctionArgs
    """Decides who may connect."""
    message_rate: float
    """Messages and connections a second over all clients, beyond which API Gateway refuses (429)."""
    message_burst: int
    """Size of the token bucket behind `message_rate`."""
    log_retention_days: int


class WebSocketRoutes(pulumi.ComponentResource):
    """Everything the WebSocket API needs to serve.

    The stage needs the account's CloudWatch role (`AccountSettings`): let this component depend on it.

    A deployment is a snapshot of the routes; its `triggers` are a hash of all that is in it, so that any change
    makes a new one, the stage moves over, and the old one goes. That order is Pulumi's own (create, update what
    refers to it, delete): the other way round AWS refuses to delete a deployment that a stage points to. On
    `destroy` the references are followed backwards: stage, deployment, routes, integrations, authorizer.
    """

    access_log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: WebSocketRoutesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:WebSocketRoutes", name, {}, opts)
        self._name = name
        self._args = args
        self._deployed: dict[str, object] = {}
        self._deployed_resources: list[pulumi.Resource] = []
        self._permissions: list[pulumi.Resource] = []

        authorizer = self._authorizer()
        function = self._add_integration(
            "function",
            aws.apigatewayv2.IntegrationArgs(
                api_id=args["api_id"],
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=args["function"]["invoke_arn"],
                timeout_milliseconds=int(TIMEOUTS.integration * 1000),
            ),
        )
        self._permission("function", args["function"], f"/{args['stage_name']}/*")
        self._add_route(
            "connect",
            aws.apigatewayv2.RouteArgs(
                api_id=args["api_id"],
                route_key="$connect",
                target=_target(function),
                authorization_type="CUSTOM",
                authorizer_id=authorizer.id,
            ),
        )
        # Only $connect can be authorized; what follows belongs to the connection that was.
        for route_key in ("$disconnect", "$default"):
            self._one_way(route_key.removeprefix("$"), route_key, function)
        for action in CLIENT_MESSAGES:
            if action in FIXED_ANSWERS:
                self._fixed_answer(action, FIXED_ANSWERS[action])
            else:
                self._one_way(f"action-{action}", action, function)

        self._stage(self._deployment())
        self.register_outputs({"access_log_group_name": self.access_log_group_name})

    def _authorizer(self) -> aws.apigatewayv2.Authorizer:
        args = aws.apigatewayv2.AuthorizerArgs(
            api_id=self._args["api_id"],
            authorizer_type="REQUEST",
            authorizer_uri=self._args["authorizer"]["invoke_arn"],
            # Without the header API Gateway answers 401 by itself. In a query string the token would be logged.
            identity_sources=["route.request.header.Authorization"],
        )
        authorizer = aws.apigatewayv2.Authorizer(f"{self._name}-authorizer", args, self._child())
        self._note("authorizer", args, authorizer)
        self._permission("authorizer", self._args["authorizer"], "/authorizers/", authorizer.id)
        return authorizer

    def _permission(self, suffix: str, function: InvokedFunctionArgs, path: str, last: pulumi.Input[str] = "") -> None:
        """Let API Gateway call the function's alias, for this part of the API only.

        The ARN names the account already. A `source_account` besides would be a condition that API Gateway is
        documented nowhere to meet, and one that is not met turns every call away.
        """
        permission = aws.lambda_.Permission(
            f"{self._name}-{suffix}",
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            function=function["name"],
            qualifier=function["alias"],
            source_arn=pulumi.Output.concat(self._args["execution_arn"], path, last),
            opts=self._child(),
        )
        self._permissions.append(permission)

    def _one_way(self, suffix: str, route_key: str, integration: aws.apigatewayv2.Integration) -> None:
        """A route without an answer of its own: ws-manager pushes what there is to say."""
        self._add_route(
            suffix,
            aws.apigatewayv2.RouteArgs(
                api_id=self._args["api_id"], route_key=route_key, target=_target(integration), authorization_type="NONE"
            ),
        )

    def _fixed_answer(self, action: str, answer: Message) -> None:
        """A route that API Gateway answers with the same message always.

        Its selection expressions differ in what they accept: an unescaped `$default` would be a variable
        in a template's, but is the only value allowed in a route response's.
        """
        suffix = f"action-{action}"
        integration = self._add_integration(
            suffix,
            aws.apigatewayv2.IntegrationArgs(
                api_id=self._args["api_id"],
                integration_type="MOCK",
                template_selection_expression="\\$default",
                # What a mocked backend says; it chooses the integration response.
                request_templates={"$default": json.dumps({"statusCode": 200})},
            ),
        )
        response_args = aws.apigatewayv2.IntegrationResponseArgs(
            api_id=self._args["api_id"],
            integration_id=integration.id,
            # AWS requires the catch-all of an integration that is not a proxy.
            integration_response_key="$default",
            template_selection_expression="${integration.response.statuscode}",
            response_templates={"200": encode(answer).decode()},
        )
        self._note(
            f"{suffix}-integration-response",
            response_args,
            aws.apigatewayv2.IntegrationResponse(f"{self._name}-{suffix}", response_args, self._child()),
        )
        route = self._add_route(
            suffix,
            aws.apigatewayv2.RouteArgs(
                api_id=self._args["api_id"],
                route_key=action,
                target=_target(integration),
                authorization_type="NONE",
                route_response_selection_expression="$default",
            ),
        )
        # Without it nothing is sent back, whatever the integration answers.
        route_response_args = aws.apigatewayv2.RouteResponseArgs(
            api_id=self._args["api_id"], route_id=route.id, route_response_key="$default"
        )
        self._note(
            f"{suffix}-route-response",
            route_response_args,
            aws.apigatewayv2.RouteResponse(f"{self._name}-{suffix}", route_response_args, self._child()),
        )

    def _add_integration(self, suffix: str, args: aws.apigatewayv2.IntegrationArgs) -> aws.apigatewayv2.Integration:
        integration = aws.apigatewayv2.Integration(f"{self._name}-{suffix}", args, self._child())
        self._note(f"{suffix}-integration", args, integration)
        return integration

    def _add_route(self, suffix: str, args: aws.apigatewayv2.RouteArgs) -> aws.apigatewayv2.Route:
        route = aws.apigatewayv2.Route(f"{self._name}-{suffix}", args, self._child())
        self._note(f"{suffix}-route", args, route)
        return route

    def _note(self, key: str, args: object, resource: pulumi.Resource) -> None:
        """Make every input of the resource part of the deployment."""
        self._deployed[key] = vars(args)
        self._deployed_resources.append(resource)

    def _deployment(self) -> aws.apigatewayv2.Deployment:
        whole = pulumi.Output.json_dumps(self._deployed, sort_keys=True)
        return aws.apigatewayv2.Deployment(
            f"{self._name}-deployment",
            api_id=self._args["api_id"],
            description="The routes as of the hash in its triggers",
            triggers={"sha256": whole.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())},
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._deployed_resources),
        )

    def _stage(self, deployment: aws.apigatewayv2.Deployment) -> None:
        access_log = aws.cloudwatch.LogGroup(
            f"{self._name}-access", retention_in_days=self._args["log_retention_days"], opts=self._child()
        )
        # API Gateway writes here in any case, and would otherwise make the group itself, to be kept for ever.
        execution_log = aws.cloudwatch.LogGroup(
            f"{self._name}-execution",
            name=pulumi.Output.concat("/aws/apigateway/", self._args["api_id"], "/", self._args["stage_name"]),
            retention_in_days=self._args["log_retention_days"],
            opts=self._child(),
        )
        aws.apigatewayv2.Stage(
            self._name,
            api_id=self._args["api_id"],
            name=self._args["stage_name"],
            deployment_id=deployment.id,
            access_log_settings={"destination_arn": access_log.arn, "format": json.dumps(ACCESS_LOG_FIELDS)},
            default_route_settings={
                "throttling_rate_limit": self._args["message_rate"],
                "throttling_burst_limit": self._args["message_burst"],
                "detailed_metrics_enabled": True,
                "logging_level": "ERROR",
                # It would log whole messages: people's prompts and their Macs' logs.
                "data_trace_enabled": False,
            },
            # Whoever can connect finds everything in place.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[execution_log, *self._permissions]),
        )
        self.access_log_group_name = access_log.name

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def _target(integration: aws.apigatewayv2.Integration) -> pulumi.Output[str]:
    return pulumi.Output.concat("integrations/", integration.id)
