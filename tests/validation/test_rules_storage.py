from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, drop, fired, put
from validation.graph import Graph

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
    ("open-ingress", put("d-cache-network", "ingress.0.cidrBlocks", ["0.0.0.0/0"])),
    ("open-ingress", put("d-cache-network", "ingress.0.protocol", "-1")),
    ("missing-endpoint", drop("d-ecr-dkr")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {rule}
