"""API Gateway in CloudFormation."""

from __future__ import annotations

from validation.cloudformation.types.writing import Inputs, Properties, simple, whole, written

simple("aws:apigatewayv2/api:Api", "AWS::ApiGatewayV2::Api")
simple("aws:apigatewayv2/stage:Stage", "AWS::ApiGatewayV2::Stage", {"name": "StageName"})
simple("aws:apigatewayv2/route:Route", "AWS::ApiGatewayV2::Route")
simple("aws:apigatewayv2/routeResponse:RouteResponse", "AWS::ApiGatewayV2::RouteResponse")
simple("aws:apigatewayv2/integrationResponse:IntegrationResponse", "AWS::ApiGatewayV2::IntegrationResponse")
simple("aws:apigateway/account:Account", "AWS::ApiGateway::Account", {"cloudwatchRoleArn": "CloudWatchRoleArn"})


@whole("aws:apigatewayv2/integration:Integration", "AWS::ApiGatewayV2::Integration")
def _integration(inputs: Inputs) -> Properties:
    return written(inputs, {"timeoutMilliseconds": "TimeoutInMillis"})


@whole("aws:apigatewayv2/authorizer:Authorizer", "AWS::ApiGatewayV2::Authorizer")
def _authorizer(inputs: Inputs) -> Properties:
    rename = {"identitySources": "IdentitySource", "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds"}
    return written(inputs, rename)


@whole("aws:apigatewayv2/deployment:Deployment", "AWS::ApiGatewayV2::Deployment")
def _deployment(inputs: Inputs) -> Properties:
    return written(inputs, drop=("triggers",))
