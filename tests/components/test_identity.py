"""The user pool and its clients."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.identity import Identity
from local.client.settings import ClientSettings
from local.config import MACHINE_SCOPE
from local.parts.identity.clients import APP
from validation.graph import Graph
from validation.recording import faults, leaves, record

NAME = "deskside-test-identity"
CALLBACKS = ["deskside://signed-in", "http://127.0.0.1:8976/"]
POOL, CLIENT = "aws:cognito/userPool:UserPool", "aws:cognito/userPoolClient:UserPoolClient"


def recorded(protect: bool = False, **options: Any) -> Graph:
    def program() -> None:
        identity = Identity(
            NAME,
            {
                "location": {"partition": "aws", "region": "eu-west-1", "account_id": "123456789012"},
                "domain": "deskside-test",
                "callback_urls": CALLBACKS,
                "protect": protect,
            },
        )
        for output in Identity.__annotations__:
            pulumi.export(output, getattr(identity, output))

    return record(program, config={"aws:region": "eu-west-1"}, **options)


def test_every_input_and_output_is_known() -> None:
    assert faults(recorded()) == []


def test_addresses_are_those_of_cognito() -> None:
    outputs = recorded().exports
    pool = outputs["user_pool_id"]
    assert pool.startswith("eu-west-1_")
    assert outputs["issuer"] == f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}"
    assert outputs["discovery_url"] == f"{outputs['issuer']}/.well-known/openid-configuration"
    assert outputs["sign_in_url"] == "https://deskside-test.auth.eu-west-1.amazoncognito.com"
    assert outputs["token_url"] == "https://deskside-test.auth.eu-west-1.amazoncognito.com/oauth2/token"


def test_the_machine_asks_for_what_it_may_have() -> None:
    graph = recorded()
    client = graph.named(f"{NAME}-machine", CLIENT)
    assert graph.exports["machine_scope"] == MACHINE_SCOPE
    assert client.inputs["allowedOauthScopes"] == [MACHINE_SCOPE]
    assert client.inputs["allowedOauthFlows"] == ["client_credentials"]
    assert client.inputs["allowedOauthFlowsUserPoolClient"] is True
    assert client.inputs["generateSecret"] is True
    assert "callbackUrls" not in client.inputs
    assert graph.named(f"{NAME}-tools").urn in client.dependencies, "the scope has to exist first"


def test_the_secret_is_in_secrets_manager_as_it_is_and_nowhere_else() -> None:
    graph = recorded()
    secret = graph.named(f"{NAME}-machine", CLIENT).outputs["clientSecret"]
    version = graph.named(f"{NAME}-machine-value")
    assert version.inputs["secretString"] == secret
    assert "secretString" in version.secrets
    assert graph.exports["machine_secret_arn"] == version.inputs["secretId"]
    elsewhere = [
        f"{resource.name}: {path}"
        for resource in graph
        if resource != version
        for path, value in leaves(resource.inputs)
        if value == secret
    ]
    assert elsewhere == []
    assert secret not in str(graph.exports)


def test_the_app_has_no_secret_and_agrees_with_the_clients() -> None:
    app = recorded().named(f"{NAME}-app", CLIENT).inputs
    assert app["generateSecret"] is False
    assert app["allowedOauthFlows"] == ["code"]
    assert app["callbackUrls"] == CALLBACKS
    assert app["supportedIdentityProviders"] == ["COGNITO"]
    assert tuple(app["allowedOauthScopes"]) == APP.scopes, "the local stack grants the same"
    assert {*ClientSettings.model_fields["scope"].default.split()} <= {*app["allowedOauthScopes"]}


@pytest.mark.parametrize("client", ["machine", "app"])
def test_no_client_takes_passwords(client: str) -> None:
    inputs = recorded().named(f"{NAME}-{client}", CLIENT).inputs
    assert inputs["explicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert inputs["preventUserExistenceErrors"] == "ENABLED"
    assert inputs["enableTokenRevocation"] is True


@pytest.mark.parametrize("client", ["machine", "app"])
def test_lifetimes_are_within_cognitos_limits(client: str) -> None:
    inputs = recorded().named(f"{NAME}-{client}", CLIENT).inputs
    assert inputs["tokenValidityUnits"] == {"accessToken": "minutes", "idToken": "minutes", "refreshToken": "days"}
    assert 60 <= inputs["accessTokenValidity"] <= 24 * 60, "under an hour managed login misbehaves"
    assert inputs["accessTokenValidity"] * 60 < inputs["refreshTokenValidity"] * 86_400


def test_only_administrators_add_people() -> None:
    pool = recorded().named(NAME, POOL).inputs
    assert pool["adminCreateUserConfig"]["allowAdminCreateUserOnly"] is True
    assert pool["usernameAttributes"] == ["email"]
    assert pool["usernameConfiguration"] == {"caseSensitive": False}
    assert pool["passwordPolicy"]["minimumLength"] >= 12
    assert pool["accountRecoverySetting"]["recoveryMechanisms"] == [{"name": "verified_email", "priority": 1}]
    assert pool["mfaConfiguration"] == "OPTIONAL"
    assert pool["softwareTokenMfaConfiguration"] == {"enabled": True}, "MFA needs a factor"


def test_the_sign_in_pages_have_a_style() -> None:
    graph = recorded()
    assert graph.named(f"{NAME}-domain").inputs["managedLoginVersion"] == 2
    style = graph.named(f"{NAME}-style")
    assert style.inputs["clientId"] == graph.exports["app_client_id"]
    assert style.inputs["useCognitoProvidedValues"] is True


def test_nothing_is_an_empty_list() -> None:
    # The provider reads none back: "inconsistent result after apply".
    def empty(value: Any) -> bool:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return value == [] or any(map(empty, inner))

    assert [resource.name for resource in recorded() if empty(dict(resource.inputs))] == []


@pytest.mark.parametrize(("protect", "active", "days"), [(True, "ACTIVE", 30), (False, "INACTIVE", 0)])
def test_protection_as_chosen(protect: bool, active: str, days: int) -> None:
    graph = recorded(protect)
    pool = graph.named(NAME, POOL)
    assert pool.protect is protect
    assert pool.inputs["deletionProtection"] == active
    secret = graph.named(f"{NAME}-machine", "aws:secretsmanager/secret:Secret")
    assert secret.inputs["recoveryWindowInDays"] == days
