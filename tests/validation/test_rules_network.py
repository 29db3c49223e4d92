from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, drop, fired, in_program, put
from validation.graph import Graph

MODE = "networkConfiguration.networkModeConfig"

CASES: list[Case] = [
    ("open-ingress", put("d-cache-network", "ingress.0.cidrBlocks", ["0.0.0.0/0"])),
    ("open-ingress", put("d-cache-network", "ingress.0.protocol", "-1")),
    ("missing-endpoint", drop("d-ecr-dkr")),
    ("missing-endpoint", in_program(put("-network", "vpcEndpointSpecs", [], "Vpc"))),
    ("closed-port", in_program(drop("-memory-from-agent"))),
    ("closed-port", in_program(put("-memory-from-agent", "toPort", 6379))),
    ("closed-port", in_program(drop("-memory-to-cache"))),
    ("closed-port", in_program(drop("-network-agent-https"))),
    ("closed-port", in_program(drop("-network-endpoints-https"))),
    ("endpoint-names", in_program(put("-network-ecr-dkr", "privateDnsEnabled", False))),
    ("endpoint-names", in_program(put("-network", "enableDnsHostnames", False, "Vpc"))),
    ("endpoint-names", in_program(put("-network-xray", "serviceName", "com.amazonaws.us-west-2.execute-api"))),
    ("runtime-network", in_program(put("-agent-runtime", f"{MODE}.subnets", ["subnet-of-others"]))),
    ("runtime-network", in_program(put("-agent-runtime", MODE, REMOVED))),
    ("runtime-network", in_program(put("-network", "natGateways", {"strategy": "None"}, "Vpc"))),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
