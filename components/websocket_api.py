"""The WebSocket API itself: an address, which the functions need before there are routes that need the functions."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws


class WebSocketApiArgs(TypedDict):
    """Inputs of WebSocketApi."""

    stage_name: str
    """The one stage, part of the address: another name means another address for every client."""


class WebSocketApi(pulumi.ComponentResource):
    """An API Gateway WebSocket API without routes; `WebSocketRoutes` gives it those, and its stage."""

    api_id: pulumi.Output[str]
    execution_arn: pulumi.Output[str]
    """`arn:…:execute-api:{region}:{account}:{api}`."""
    url: pulumi.Output[str]
    """`wss://…/{stage}`, where clients connect."""
    management_url: pulumi.Output[str]
    """`https://…/{stage}`, where services reach connected clients."""

    def __init__(self, name: str, args: WebSocketApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:WebSocketApi", name, {}, opts)
        self._stage_name = args["stage_name"]
        api = aws.apigatewayv2.Api(
            name,
            protocol_type="WEBSOCKET",
            description="Deskside: chat with the agent, and the agent's requests to a person's Mac",
            # A message goes to the route named by its `action`, or to `$default`.
            route_selection_expression="$request.body.action",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.api_id = api.id
        self.execution_arn = api.execution_arn
        self.url = pulumi.Output.concat(api.api_endpoint, "/", self._stage_name)
        self.management_url = self.url.apply(lambda url: url.replace("wss://", "https://", 1))
        self.register_outputs(
            {
                "api_id": self.api_id,
                "execution_arn": self.execution_arn,
                "url": self.url,
                "management_url": self.management_url,
            }
        )

    @property
    def stage_name(self) -> str:
        """The one stage, part of the address."""
        return self._stage_name

    def connections_arn(self, verb: str) -> pulumi.Output[str]:
        """What `execute-api:ManageConnections` is granted on: all connections of the one stage.

        Args:
            verb: `POST` to send, `DELETE` to close.
        """
        return pulumi.Output.concat(self.execution_arn, f"/{self._stage_name}/{verb}/@connections/*")
