"""What AWS answers for Cognito."""

from __future__ import annotations

from typing import cast

from validation.faithful.created import ACCOUNT, Created, Outputs, answers


@answers("aws:cognito/userPool:UserPool")
def _user_pool(new: Created) -> tuple[str, Outputs]:
    pool = f"{new.region}_{new.mark(9, 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh0123456789')}"
    return pool, {
        "name": new.name(),
        "arn": new.arn("cognito-idp", f"userpool/{pool}"),
        "endpoint": f"cognito-idp.{new.region}.amazonaws.com/{pool}",
        "estimatedNumberOfUsers": 0,
    }


@answers("aws:cognito/userPoolClient:UserPoolClient")
def _user_pool_client(new: Created) -> tuple[str, Outputs]:
    has_secret = new.inputs.get("generateSecret")
    secret = {"clientSecret": new.mark(32) + new.mark(19)} if has_secret else {"clientSecret": ""}
    return new.mark(26), {"name": new.name(), **secret}


@answers("aws:cognito/userPoolDomain:UserPoolDomain")
def _user_pool_domain(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["domain"]), {
        "awsAccountId": ACCOUNT,
        "cloudfrontDistribution": "d111111abcdef8.cloudfront.net",
        "cloudfrontDistributionArn": "d111111abcdef8.cloudfront.net",
        "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2",
        "s3Bucket": "aws-cognito-prod-assets",
        "version": "20261123120000",
    }


@answers("aws:cognito/resourceServer:ResourceServer")
def _resource_server(new: Created) -> tuple[str, Outputs]:
    server = str(new.inputs["identifier"])
    pool = str(new.inputs["userPoolId"])
    names = [f"{server}/{scope['scopeName']}" for scope in cast(list[dict[str, str]], new.inputs.get("scopes", []))]
    return f"{pool}|{server}", {"name": new.name(), "scopeIdentifiers": names}


@answers("aws:cognito/managedLoginBranding:ManagedLoginBranding")
def _branding(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['userPoolId']},{new.uuid()}", {"managedLoginBrandingId": new.uuid()}
