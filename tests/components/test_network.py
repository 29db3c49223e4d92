"""The VPC of the agent."""

from __future__ import annotations

import ipaddress
from typing import Any, cast

import pulumi
import pytest

from components.network import PRIVATE_SERVICES, REQUIRED_SERVICES, ZONE_BITS, Network, NetworkArgs
from validation.graph import Graph
from validation.recording import faults, record

NAME = "deskside-test-network"
ARGS: NetworkArgs = {
    "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
    "cidr": "10.42.0.0/16",
    "zone_ids": ["use1-az1", "use1-az2", "use1-az4"],
    "nat_gateway_per_zone": False,
    "private_endpoints": False,
}


def recorded(**changes: Any) -> Graph:
    return record(lambda: Network(NAME, cast(NetworkArgs, {**ARGS, **changes})))


def endpoints(graph: Graph) -> set[str]:
    services = [endpoint.inputs["serviceName"] for endpoint in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")]
    assert len(services) == len(set(services))
    return set(services)


def test_every_input_is_known() -> None:
    assert faults(recorded(private_endpoints=True)) == []


def test_zones_are_named_in_the_order_of_their_ids() -> None:
    # The account calls az1 "c": names in alphabetical order, or taken as they are, would be wrong.
    vpc = recorded().named(NAME, "awsx:ec2:Vpc")
    assert vpc.inputs["availabilityZoneNames"] == ["us-east-1c", "us-east-1a", "us-east-1e"]
    turned = recorded(zone_ids=["use1-az4", "use1-az1"]).named(NAME, "awsx:ec2:Vpc")
    assert turned.inputs["availabilityZoneNames"] == ["us-east-1e", "us-east-1c"]


def test_a_zone_that_the_account_lacks_is_named() -> None:
    with pytest.raises(pulumi.RunError, match=r"zoneIds: .* use1-az9 "):
        recorded(zone_ids=["use1-az1", "use1-az9"])


def test_the_layout_is_explicit() -> None:
    inputs = recorded().named(NAME, "awsx:ec2:Vpc").inputs
    assert inputs["subnetStrategy"] == "Auto"
    assert inputs["cidrBlock"] == "10.42.0.0/16"
    assert inputs["enableDnsHostnames"] is inputs["enableDnsSupport"] is True
    assert "numberOfAvailabilityZones" not in inputs, "awsx refuses both"


@pytest.mark.parametrize("cidr", ["10.42.0.0/16", "192.168.16.0/20"])
def test_the_subnets_of_four_zones_fit(cidr: str) -> None:
    inputs = recorded(cidr=cidr).named(NAME, "awsx:ec2:Vpc").inputs
    zone = 2 ** (32 - inputs["availabilityZoneCidrMask"])
    assert zone * 2**ZONE_BITS == ipaddress.IPv4Network(cidr).num_addresses
    sizes = {spec["type"]: 2 ** (32 - spec["cidrMask"]) for spec in inputs["subnetSpecs"]}
    assert set(sizes) == {"Private", "Public"}
    assert sum(sizes.values()) <= zone
    assert min(sizes.values()) >= 2 ** (32 - 28), "a subnet has at least 16 addresses"


@pytest.mark.parametrize(("per_zone", "strategy"), [(False, "Single"), (True, "OnePerAz")])
def test_nat_as_chosen(per_zone: bool, strategy: str) -> None:
    vpc = recorded(nat_gateway_per_zone=per_zone).named(NAME, "awsx:ec2:Vpc")
    assert vpc.inputs["natGateways"] == {"strategy": strategy}


def test_an_image_can_be_pulled_without_the_internet() -> None:
    graph = recorded()
    vpc = graph.named(NAME, "awsx:ec2:Vpc").inputs
    assert vpc["vpcEndpointStrategy"] == "Auto", "otherwise the gateways are in no route table"
    assert vpc["vpcEndpointSpecs"] == [
        {"serviceName": "com.amazonaws.us-east-1.s3", "vpcEndpointType": "Gateway"},
        {"serviceName": "com.amazonaws.us-east-1.dynamodb", "vpcEndpointType": "Gateway"},
    ]
    assert endpoints(graph) == {f"com.amazonaws.us-east-1.{service}" for service in ("ecr.api", "ecr.dkr", "logs")}


def test_private_endpoints_on_demand() -> None:
    found = endpoints(recorded(private_endpoints=True))
    assert found == {f"com.amazonaws.us-east-1.{service}" for service in (*REQUIRED_SERVICES, *PRIVATE_SERVICES)}
    assert not any("execute-api" in service for service in found), "its private DNS would hide our WebSocket API"


def test_endpoints_answer_under_their_public_names_to_the_agent_only() -> None:
    graph = recorded(private_endpoints=True)
    network = graph.named(NAME, "awsx:ec2:Vpc")
    agent, group = graph.named(f"{NAME}-agent"), graph.named(f"{NAME}-endpoints")
    for endpoint in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        assert endpoint.inputs["vpcEndpointType"] == "Interface"
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["subnetIds"] == network.outputs["privateSubnetIds"]
        assert endpoint.inputs["securityGroupIds"] == [identifier(graph, group.name)]
    (rule,) = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert rule.inputs["securityGroupId"] == identifier(graph, group.name)
    assert rule.inputs["referencedSecurityGroupId"] == identifier(graph, agent.name)
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)


def test_the_agent_goes_out_by_https_and_lets_nobody_in() -> None:
    graph = recorded()
    agent = identifier(graph, f"{NAME}-agent")
    (out,) = graph.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert out.inputs["securityGroupId"] == agent
    assert (out.inputs["ipProtocol"], out.inputs["fromPort"], out.inputs["toPort"]) == ("tcp", 443, 443)
    groups = graph.of_type("aws:ec2/securityGroup:SecurityGroup")
    assert not any({"ingress", "egress"} & group.inputs.keys() for group in groups), "rules are resources of their own"


def test_pulumi_forgets_nothing_it_has_not_deleted() -> None:
    # A group that is retained keeps its VPC from being deleted for good.
    assert not any(resource.retain_on_delete for resource in recorded())


def identifier(graph: Graph, name: str) -> str:
    """`sg-…` of a group, from its ARN."""
    return graph.named(name).outputs["arn"].rpartition("/")[2]
