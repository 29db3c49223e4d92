"""The VPC: nobody gets in, and the agent gets to what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from validation.graph import Graph, Resource
from validation.rules.reading import RUNTIME, at, identifier, listed, mapping
from validation.rules.rule import Problems
from validation.rules.storage import CACHE

GROUP = "aws:ec2/securityGroup:SecurityGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
VPC = "awsx:ec2:Vpc"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
HTTPS = 443
CACHE_PORTS = (6379, 6380)
"""Of ElastiCache Serverless: reads and writes, and reads of nearby copies."""

ANYWHERE = ("0.0.0.0/0", "::/0")


def open_ingress(graph: Graph) -> Problems:
    """No security group lets the internet in, or every port."""
    for resource, rule in _ingress(graph):
        ranges = [*listed(rule.get("cidrBlocks")), *listed(rule.get("ipv6CidrBlocks"))]
        ranges += [rule.get("cidrIpv4"), rule.get("cidrIpv6")]
        if any(str(cidr) in ANYWHERE for cidr in ranges):
            yield resource, "lets the whole internet in"
        if str(rule.get("protocol", rule.get("ipProtocol"))) == "-1" and not rule.get("self"):
            yield resource, "lets every port in"


def _ingress(graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    rules = [(g, mapping(r)) for g in graph.of_type(GROUP) for r in _inline(g)]
    rules += [(r, mapping(r.inputs)) for r in graph.of_type(INGRESS)]
    rules += [
        (r, mapping(r.inputs))
        for r in graph.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
        if r.inputs.get("type") == "ingress"
    ]
    return rules


def _inline(group: Resource) -> list[Any]:
    return listed(group.inputs.get("ingress"))


RUNTIME_ENDPOINTS = ("s3", "ecr.dkr", "ecr.api", "logs")
"""What an AgentCore runtime in a VPC reaches through the VPC, endpoint by endpoint
(AgentCore developer guide, "Configure VPC")."""


def missing_endpoint(graph: Graph) -> Problems:
    """A runtime in a VPC has the endpoints from which it pulls its image and to which it logs."""
    services = {
        re.sub(r"^com\.amazonaws\.[a-z0-9-]+\.", "", str(name))
        for name in (
            *(e.inputs.get("serviceName") for e in graph.of_type(ENDPOINT)),
            *(mapping(s).get("serviceName") for v in graph.of_type(VPC) for s in _vpc_endpoints(v)),
        )
    }
    for runtime in graph.of_type(RUNTIME):
        if at(runtime, "networkConfiguration.networkMode") != "VPC":
            continue
        for missing in sorted({*RUNTIME_ENDPOINTS} - services):
            yield runtime, f"is in a VPC without an endpoint for {missing}"


def _vpc_endpoints(vpc: Resource) -> list[Any]:
    return listed(vpc.inputs.get("vpcEndpointSpecs"))


def _rules(graph: Graph, group: str, direction: str) -> Iterator[dict[str, Any]]:
    """A security group's rules, inline ones in the words of the others."""
    for resource in graph.of_type(INGRESS if direction == "ingress" else EGRESS):
        if resource.inputs.get("securityGroupId") == group:
            yield dict(resource.inputs)
    for resource in graph.of_type(GROUP):
        for one in listed(resource.inputs.get(direction)) if identifier(resource) == group else ():
            rule = mapping(one)
            peers = {"ipProtocol": rule.get("protocol"), "fromPort": rule.get("fromPort"), "toPort": rule.get("toPort")}
            for other in listed(rule.get("securityGroups")):
                yield {**peers, "referencedSecurityGroupId": other}
            for cidr in listed(rule.get("cidrBlocks")):
                yield {**peers, "cidrIpv4": cidr}


def _opens(rule: dict[str, Any], port: int, peers: list[Any]) -> bool:
    """Whether a rule opens the port to one of the peers."""
    ports = rule.get("ipProtocol") == "-1" or (
        rule.get("ipProtocol") == "tcp" and int(rule.get("fromPort", 0)) <= port <= int(rule.get("toPort", 0))
    )
    return ports and (rule.get("referencedSecurityGroupId") in peers or rule.get("cidrIpv4") in ANYWHERE)


def closed_port(graph: Graph) -> Problems:
    """Security groups let the agent in a VPC reach the internet by TLS, the endpoints and the cache."""
    for runtime in graph.of_type(RUNTIME):
        own = listed(at(runtime, "networkConfiguration.networkModeConfig.securityGroups"))
        out = [rule for group in own for rule in _rules(graph, group, "egress")]
        if not own:
            continue
        if not any(_opens(rule, HTTPS, []) for rule in out):
            yield runtime, "may not call the public addresses of API Gateway and Cognito"
        peers = [(e, listed(e.inputs.get("securityGroupIds")), HTTPS) for e in graph.of_type(ENDPOINT)]
        peers += [(c, listed(c.inputs.get("securityGroupIds")), p) for c in graph.of_type(CACHE) for p in CACHE_PORTS]
        for peer, groups, port in peers:
            if peer.type == ENDPOINT and peer.inputs.get("vpcEndpointType") != "Interface":
                continue
            into = [rule for group in groups for rule in _rules(graph, group, "ingress")]
            if not any(_opens(rule, port, groups) for rule in out):
                yield runtime, f"may not open connections to {peer.name} on port {port}"
            if not any(_opens(rule, port, own) for rule in into):
                yield peer, f"does not let {runtime.name} in on port {port}"


def endpoint_names(graph: Graph) -> Problems:
    """Interface endpoints take over their services' names, but not those of our own API."""
    for vpc in graph.of_type(VPC):
        if not (vpc.inputs.get("enableDnsHostnames") is True and vpc.inputs.get("enableDnsSupport") is True):
            yield vpc, "resolves no private names, which its endpoints need"
    for endpoint in graph.of_type(ENDPOINT):
        private = endpoint.inputs.get("privateDnsEnabled") is True
        if str(endpoint.inputs.get("serviceName")).endswith(".execute-api"):
            if private:
                yield endpoint, "takes over the names of the Region's public APIs, ours for @connections among them"
        elif endpoint.inputs.get("vpcEndpointType") == "Interface" and not private:
            yield endpoint, "is not used: its service's name still leads to the public address"


def runtime_network(graph: Graph) -> Problems:
    """A runtime in a VPC is in private subnets, with a way out: public subnets give AgentCore none."""
    vpcs = graph.of_type(VPC)
    private = {subnet for vpc in vpcs for subnet in listed(vpc.outputs.get("privateSubnetIds"))}
    for runtime in graph.of_type(RUNTIME):
        if at(runtime, "networkConfiguration.networkMode") != "VPC":
            continue
        subnets = listed(at(runtime, "networkConfiguration.networkModeConfig.subnets"))
        if not subnets or not listed(at(runtime, "networkConfiguration.networkModeConfig.securityGroups")):
            yield runtime, "is in a VPC without subnets or security groups"
        if vpcs and not set(subnets) <= private:
            yield runtime, "is in subnets that are not the private ones of the stack's VPC"
        for vpc in vpcs:
            if mapping(vpc.inputs.get("natGateways")).get("strategy") in (None, "None"):
                yield vpc, "has no NAT gateway, without which the agent gets no token and reaches no connection"


RULES = (open_ingress, missing_endpoint, closed_port, endpoint_names, runtime_network)
