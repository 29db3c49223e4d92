from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, drop, fired, in_program, put
from validation.graph import Graph

CASES: list[Case] = [
    ("machine-client", put("d-machine", "allowedOauthFlows", ["client_credentials", "code"])),
    ("machine-client", put("d-machine", "generateSecret", False)),
    ("machine-client & gateway-tokens", put("d-machine", "allowedOauthScopes", ["openid"])),
    ("public-client", put("d-app", "generateSecret", True)),
    ("public-client", put("d-app", "callbackUrls", ["http://example.com/"])),
    ("public-client", put("d-app", "allowedOauthFlows", ["implicit"])),
    ("pool-without-domain & environment-dangling", drop("d-domain")),
    ("empty-client-list", put("d-app", "writeAttributes", [])),
    ("open-sign-up", put("d-people", "adminCreateUserConfig", {"allowAdminCreateUserOnly": False})),
    ("password-flow", put("d-app", "explicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"])),
    ("password-flow", put("d-app", "explicitAuthFlows", REMOVED)),
    ("token-lifetime", put("d-app", "accessTokenValidity", 48)),
    ("token-lifetime", in_program(put("-identity-app", "tokenValidityUnits", REMOVED))),
    ("client-careless", put("d-app", "enableTokenRevocation", False)),
    ("client-careless", put("d-app", "preventUserExistenceErrors", "LEGACY")),
    ("login-page", in_program(drop("-identity-style"))),
    ("login-page", in_program(put("-identity-app", "supportedIdentityProviders", REMOVED))),
    ("domain-reserved & environment-dangling", put("d-domain", "domain", "my-cognito")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
