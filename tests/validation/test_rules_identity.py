from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.rule_cases import Case, drop, fired, put
from validation.graph import Graph

CASES: list[Case] = [
    ("machine-client", put("d-machine", "allowedOauthFlows", ["client_credentials", "code"])),
    ("machine-client", put("d-machine", "generateSecret", False)),
    ("machine-client", put("d-machine", "allowedOauthScopes", ["openid"])),
    ("public-client", put("d-app", "generateSecret", True)),
    ("public-client", put("d-app", "callbackUrls", ["http://example.com/"])),
    ("public-client", put("d-app", "allowedOauthFlows", ["implicit"])),
    ("pool-without-domain", drop("d-domain")),
    ("empty-client-list", put("d-app", "writeAttributes", [])),
    ("open-sign-up", put("d-people", "adminCreateUserConfig", {"allowAdminCreateUserOnly": False})),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {rule}
