"""The VPC that the agent's network interfaces are in. Only there is a Valkey cache within reach."""

import ipaddress
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

from components.location import Location

ZONE_BITS = 2
"""Room for four zones whatever their number: one more does not move the subnets of the others."""

GATEWAY_SERVICES = ("s3", "dynamodb")
"""Endpoints that cost nothing. An image's layers come from S3."""

REQUIRED_SERVICES = ("ecr.api", "ecr.dkr", "logs")
"""What a runtime in a VPC has to reach before our code runs (AgentCore developer guide, "Configure VPC")."""

PRIVATE_SERVICES = ("bedrock-runtime", "secretsmanager", "xray", "bedrock-agentcore.gateway")
"""What the agent calls besides. Left out on purpose: `execute-api`, whose private DNS would take over
the names of all APIs of the Region, ours for `@connections` among them. That one and Cognito's token
endpoint stay public, so NAT is needed either way."""


class NetworkArgs(TypedDict):
    """Inputs of Network."""

    location: Location
    cidr: str
    """A private IPv4 network, /16 to /20."""
    zone_ids: list[str]
    """Availability zone ids, such as `use1-az4`: which *name* a zone has differs from account to account."""
    nat_gateway_per_zone: bool
    """Otherwise one for all: cheaper, and lost with its zone."""
    private_endpoints: bool
    """Interface endpoints for PRIVATE_SERVICES, too."""


class Network(pulumi.ComponentResource):
    """Public and private subnets in each zone, NAT, endpoints, and the agent's security group.

    AgentCore may leave the agent's network interfaces behind for up to 8 hours. Until then AWS refuses
    to delete the security group and private subnets: `pulumi destroy` has to be run again. Nothing here
    is retained on delete, because a group that Pulumi forgot would keep the VPC from ever being deleted.
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: pulumi.Output[Sequence[str]]
    agent_security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:Network", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        services = f"com.amazonaws.{args['location']['region']}"
        prefix = ipaddress.IPv4Network(args["cidr"]).prefixlen
        per_zone = args["nat_gateway_per_zone"]

        vpc = awsx.ec2.Vpc(
            name,
            cidr_block=args["cidr"],
            availability_zone_names=self._zone_names(args["zone_ids"]),
            availability_zone_cidr_mask=prefix + ZONE_BITS,
            subnet_strategy=awsx.ec2.SubnetAllocationStrategy.AUTO,
            subnet_specs=[
                {"type": awsx.ec2.SubnetType.PRIVATE, "cidr_mask": prefix + ZONE_BITS + 1},
                {"type": awsx.ec2.SubnetType.PUBLIC, "cidr_mask": prefix + ZONE_BITS + 2},
            ],
            nat_gateways={
                "strategy": awsx.ec2.NatGatewayStrategy.ONE_PER_AZ if per_zone else awsx.ec2.NatGatewayStrategy.SINGLE
            },
            # Private DNS of the endpoints needs both.
            enable_dns_hostnames=True,
            enable_dns_support=True,
            # Puts them into the route tables it makes.
            vpc_endpoint_strategy=awsx.ec2.VpcEndpointStrategy.AUTO,
            vpc_endpoint_specs=[
                {"service_name": f"{services}.{service}", "vpc_endpoint_type": "Gateway"}
                for service in GATEWAY_SERVICES
            ],
            opts=child,
        )

        # A changed description replaces a group, and the old one cannot be deleted while it is in use.
        agent = aws.ec2.SecurityGroup(f"{name}-agent", description="Deskside agent", vpc_id=vpc.vpc_id, opts=child)
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-agent-https",
            security_group_id=agent.id,
            description="AWS APIs, the WebSocket API and the token endpoint",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=child,
        )

        endpoints = aws.ec2.SecurityGroup(
            f"{name}-endpoints", description="Deskside interface endpoints", vpc_id=vpc.vpc_id, opts=child
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-https",
            security_group_id=endpoints.id,
            description="From the agent",
            referenced_security_group_id=agent.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=child,
        )
        for service in (*REQUIRED_SERVICES, *(PRIVATE_SERVICES if args["private_endpoints"] else ())):
            aws.ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=vpc.vpc_id,
                service_name=f"{services}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=vpc.private_subnet_ids,
                security_group_ids=[endpoints.id],
                opts=child,
            )

        self.vpc_id = vpc.vpc_id
        self.private_subnet_ids = vpc.private_subnet_ids
        self.agent_security_group_id = agent.id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "private_subnet_ids": self.private_subnet_ids,
                "agent_security_group_id": self.agent_security_group_id,
            }
        )

    def _zone_names(self, zone_ids: list[str]) -> list[str]:
        """What this account calls the zones, in the same order. awsx takes plain values only."""
        zones = aws.get_availability_zones(
            state="available",
            filters=[{"name": "zone-id", "values": zone_ids}],
            opts=pulumi.InvokeOptions(parent=self),
        )
        names = dict(zip(zones.zone_ids, zones.names, strict=True))
        missing = [zone_id for zone_id in zone_ids if zone_id not in names]
        if missing:
            raise pulumi.RunError(
                f"zoneIds: this account has no available zone {', '.join(missing)} in the stack's Region"
            )
        return [names[zone_id] for zone_id in zone_ids]
