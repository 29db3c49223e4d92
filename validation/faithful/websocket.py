"""What AWS answers for API Gateway."""

from __future__ import annotations

from validation.faithful.created import Created, Outputs, answers


@answers("aws:apigatewayv2/api:Api")
def _api(new: Created) -> tuple[str, Outputs]:
    api = new.mark(10)
    scheme = "wss" if new.inputs["protocolType"] == "WEBSOCKET" else "https"
    return api, {
        "name": new.name(),
        "arn": f"arn:aws:apigateway:{new.region}::/apis/{api}",
        "apiEndpoint": f"{scheme}://{api}.execute-api.{new.region}.amazonaws.com",
        "executionArn": new.arn("execute-api", api),
    }


@answers("aws:apigatewayv2/stage:Stage")
def _stage(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    api = new.inputs["apiId"]
    return name, {
        "name": name,
        "arn": f"arn:aws:apigateway:{new.region}::/apis/{api}/stages/{name}",
        "executionArn": new.arn("execute-api", f"{api}/{name}"),
        "invokeUrl": f"wss://{api}.execute-api.{new.region}.amazonaws.com/{name}",
    }


@answers(
    "aws:apigatewayv2/route:Route",
    "aws:apigatewayv2/integrationResponse:IntegrationResponse",
    "aws:apigatewayv2/routeResponse:RouteResponse",
    "aws:apigatewayv2/model:Model",
)
def _api_part(new: Created) -> tuple[str, Outputs]:
    return new.mark(7), {}


@answers("aws:apigatewayv2/authorizer:Authorizer")
def _authorizer(new: Created) -> tuple[str, Outputs]:
    return new.mark(6), {"name": new.name()}


@answers("aws:apigatewayv2/integration:Integration")
def _integration(new: Created) -> tuple[str, Outputs]:
    return new.mark(7), {"integrationResponseSelectionExpression": "${integration.response.statuscode}"}


@answers("aws:apigatewayv2/deployment:Deployment")
def _deployment(new: Created) -> tuple[str, Outputs]:
    return new.mark(6), {"autoDeployed": False}


@answers("aws:apigateway/account:Account")
def _gateway_account(_: Created) -> tuple[str, Outputs]:
    return "api-gateway-account", {
        "apiKeyVersion": "4",
        "features": ["UsagePlans"],
        "throttleSettings": [{"burstLimit": 5000, "rateLimit": 10000}],
    }
