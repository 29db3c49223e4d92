"""Cognito in CloudFormation."""

from __future__ import annotations

from typing import Any, cast

from validation.cloudformation.types.writing import Inputs, Properties, cased, simple, whole, written


@whole("aws:cognito/userPool:UserPool", "AWS::Cognito::UserPool")
def _user_pool(inputs: Inputs) -> Properties:
    drop = ("passwordPolicy", "accountRecoverySetting", "softwareTokenMfaConfiguration", "signInPolicy", "schemas")
    properties = written(inputs, {"name": "UserPoolName"}, drop)
    policies: Properties = {}
    if "passwordPolicy" in inputs:
        policies["PasswordPolicy"] = cased(inputs["passwordPolicy"])
    if "signInPolicy" in inputs:
        policies["SignInPolicy"] = cased(inputs["signInPolicy"])
    if policies:
        properties["Policies"] = policies
    if "accountRecoverySetting" in inputs:
        properties["AccountRecoverySetting"] = cased(inputs["accountRecoverySetting"])
    if cast(dict[str, Any], inputs.get("softwareTokenMfaConfiguration", {})).get("enabled"):
        properties["EnabledMfas"] = ["SOFTWARE_TOKEN_MFA"]
    updates = properties.get("UserAttributeUpdateSettings", {})
    if updates:
        verified = updates.pop("AttributesRequireVerificationBeforeUpdates")
        updates["AttributesRequireVerificationBeforeUpdate"] = verified
    if "schemas" in inputs:
        properties["Schema"] = cased(inputs["schemas"])
    return properties


@whole("aws:cognito/userPoolClient:UserPoolClient", "AWS::Cognito::UserPoolClient")
def _user_pool_client(inputs: Inputs) -> Properties:
    rename = {
        "name": "ClientName",
        "allowedOauthFlows": "AllowedOAuthFlows",
        "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
        "allowedOauthScopes": "AllowedOAuthScopes",
        "callbackUrls": "CallbackURLs",
        "logoutUrls": "LogoutURLs",
        "defaultRedirectUri": "DefaultRedirectURI",
    }
    return written(inputs, rename)


simple("aws:cognito/userPoolDomain:UserPoolDomain", "AWS::Cognito::UserPoolDomain")
simple("aws:cognito/resourceServer:ResourceServer", "AWS::Cognito::UserPoolResourceServer")
simple("aws:cognito/managedLoginBranding:ManagedLoginBranding", "AWS::Cognito::ManagedLoginBranding")
