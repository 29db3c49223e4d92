from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, drop, fired, in_program, put
from validation.graph import Graph


def _key_without(who: str) -> Callable[[Graph], Graph]:
    return put(
        "-watch-key", "policy.Statement", lambda statements: [s for s in statements if who not in str(s["Principal"])]
    )


CASES: list[Case] = [
    ("bucket-public", put("d-sources-private", "blockPublicPolicy", False)),
    ("bucket-plain-http", drop("d-sources-policy")),
    ("bucket-unencrypted", drop("d-sources-encryption")),
    ("repository-mutable", put("d-images", "imageTagMutability", "MUTABLE")),
    ("repository-mutable", put("d-images", "imageScanningConfiguration.scanOnPush", False)),
    ("cache-engine", put("d-memory", "engine", "valky")),
    ("cache-open", put("d-memory", "userGroupId", REMOVED)),
    ("table-without-expiry", put("d-connections", "ttl.enabled", False)),
    ("topic-unencrypted", put("d-alarms", "kmsMasterKeyId", "alias/aws/sns")),
    ("bucket-plain-http", put("d-sources-policy", "policy.Statement.0.Resource", lambda arns: arns[:1])),
    (
        "bucket-plain-http",
        put("d-sources-policy", "policy.Statement.0.Condition.Bool", {"aws:SecureTransport": "true"}),
    ),
    ("bucket-without-lifecycle", drop("d-sources-lifecycle")),
    ("cache-open", put("d-user", "accessString", "on ~* +@all")),
    ("cache-open", put("d-user", "authenticationMode", {"type": "no-password-required"})),
    ("cache-user", put("d-user", "userName", "somebody")),
    ("cache-user", put("d-users", "userIds", ["default"])),
    ("cache-user", put("d-memory", "subnetIds", ["subnet-1"])),
    ("table-schema", in_program(put("-tables-requests", "hashKey", "callback_id"))),
    ("table-schema", in_program(put("-tables-requests", "ttl.attributeName", "ttl"))),
    (
        "table-schema",
        in_program(put("-tables-connections", "globalSecondaryIndexes.0.projectionType", "KEYS_ONLY")),
    ),
    ("key-closed", in_program(_key_without("cloudwatch"))),
    ("key-closed", in_program(_key_without("events"))),
    ("key-closed", in_program(_key_without(":root"))),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
