"""What AWS answers for networks."""

from __future__ import annotations

from typing import Any, cast

from validation.faithful.created import ACCOUNT, Created, Outputs, answers


@answers("awsx:ec2:Vpc")
def _vpc(new: Created) -> tuple[str, Outputs]:
    zones = new.inputs.get("availabilityZoneNames") or ["a"] * int(new.inputs.get("numberOfAvailabilityZones", 3))
    strata = [str(spec["type"]).lower() for spec in cast(list[dict[str, Any]], new.inputs.get("subnetSpecs", []))]
    strata = strata or ["public", "private"]

    def subnets(stratum: str) -> list[str]:
        count = strata.count(stratum) * len(cast(list[str], zones))
        last = {"public": "a", "private": "b", "isolated": "c"}[stratum]
        return [f"subnet-{new.hexadecimal(15)}{last}{index}" for index in range(count)]

    return "", {
        "vpcId": f"vpc-{new.hexadecimal()}",
        **{f"{stratum}SubnetIds": subnets(stratum) for stratum in ("public", "private", "isolated")},
    }


@answers("aws:ec2/securityGroup:SecurityGroup")
def _security_group(new: Created) -> tuple[str, Outputs]:
    group = f"sg-{new.hexadecimal()}"
    return group, {"name": new.name(), "arn": new.arn("ec2", f"security-group/{group}"), "ownerId": ACCOUNT}


@answers(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
def _security_group_rule(new: Created) -> tuple[str, Outputs]:
    rule = f"sgr-{new.hexadecimal()}"
    return rule, {"arn": new.arn("ec2", f"security-group-rule/{rule}"), "securityGroupRuleId": rule}


@answers("aws:ec2/vpcEndpoint:VpcEndpoint")
def _vpc_endpoint(new: Created) -> tuple[str, Outputs]:
    endpoint = f"vpce-{new.hexadecimal()}"
    return endpoint, {
        "arn": new.arn("ec2", f"vpc-endpoint/{endpoint}"),
        "ownerId": ACCOUNT,
        "state": "available",
        "prefixListId": f"pl-{new.mark(8, '0123456789abcdef')}",
    }
