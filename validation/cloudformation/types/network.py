"""Networks in CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from validation.cloudformation.types.writing import Inputs, Properties, parsed, upper, whole, written


@whole("aws:ec2/securityGroup:SecurityGroup", "AWS::EC2::SecurityGroup")
def _security_group(inputs: Inputs) -> Properties:
    drop = ("ingress", "egress", "revokeRulesOnDelete")
    properties = written(inputs, {"name": "GroupName", "description": "GroupDescription"}, drop)
    for key in ("ingress", "egress"):
        if key in inputs:
            rules = cast(list[dict[str, Any]], inputs[key])
            properties[f"SecurityGroup{upper(key)}"] = [flat for rule in rules for flat in _inline_rule(rule)]
    # The provider's default.
    return {"GroupDescription": "Managed by Pulumi", **properties}


def _inline_rule(rule: Mapping[str, Any]) -> list[Properties]:
    common = written(rule, {"protocol": "IpProtocol"}, ("cidrBlocks", "securityGroups", "self"))
    cidrs = [{**common, "CidrIp": block} for block in cast(list[str], rule.get("cidrBlocks", []))]
    groups = [{**common, "SourceSecurityGroupId": group} for group in cast(list[str], rule.get("securityGroups", []))]
    return cidrs + groups


@whole("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "AWS::EC2::SecurityGroupIngress")
def _ingress(inputs: Inputs) -> Properties:
    names = {
        "securityGroupId": "GroupId", "cidrIpv4": "CidrIp", "cidrIpv6": "CidrIpv6",
        "prefixListId": "SourcePrefixListId", "referencedSecurityGroupId": "SourceSecurityGroupId",
    }  # fmt: skip
    return written(inputs, names)


@whole("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "AWS::EC2::SecurityGroupEgress")
def _egress(inputs: Inputs) -> Properties:
    names = {
        "securityGroupId": "GroupId", "cidrIpv4": "CidrIp", "cidrIpv6": "CidrIpv6",
        "prefixListId": "DestinationPrefixListId", "referencedSecurityGroupId": "DestinationSecurityGroupId",
    }  # fmt: skip
    return written(inputs, names)


@whole("aws:ec2/vpcEndpoint:VpcEndpoint", "AWS::EC2::VPCEndpoint")
def _vpc_endpoint(inputs: Inputs) -> Properties:
    return parsed(written(inputs, {"policy": "PolicyDocument"}), "PolicyDocument")
