"""What may stand in Pulumi.<stack>.yaml, and what is said about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.settings import OWN_TAGS, AgentNetwork, ConfigurationError, NatGateways, SessionMemoryKind, Settings
from validation.recording import record, record_stack

ROOT = Path(__file__).parents[2]
LEAST = {"signInDomain": "deskside-test"}


def parse(region: str | None = "us-east-1", **given: str) -> Settings:
    return Settings.parse({**LEAST, **given}, region)


def of_stack(stack: str) -> Settings:
    config: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    given = {
        key.removeprefix("deskside:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
        if key.startswith("deskside:")
    }
    return Settings.parse(given, config["aws:region"])


def test_little_has_to_be_given() -> None:
    settings = parse()
    assert (settings.region, settings.sign_in_domain) == ("us-east-1", "deskside-test")
    assert settings.session_memory is SessionMemoryKind.S3
    assert settings.agent_network is AgentNetwork.PUBLIC
    assert not settings.protect


def test_values_arrive_as_pulumi_holds_them() -> None:
    settings = parse(
        protect="true",
        logRetentionDays="30",
        functionMemoryMb="1024",
        appCallbackUrls='["deskside://signed-in"]',
        tags='{"CostCenter": "4711"}',
        modelId="global.anthropic.claude-sonnet-4-6",
        agentNetwork="vpc",
        natGateways="onePerZone",
        sessionMemory="valkey",
        accountId="123456789012",
    )
    assert settings.protect is True
    assert (settings.log_retention_days, settings.function_memory_mb) == (30, 1024)
    assert settings.app_callback_urls == ["deskside://signed-in"]
    assert settings.tags == {"CostCenter": "4711"}
    assert settings.nat_gateways is NatGateways.ONE_PER_ZONE
    assert settings.account_id == "123456789012", "text that looks like a number stays text"
    assert settings.zones == ["use1-az1", "use1-az2", "use1-az4"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"logRetention": "14"}, "deskside:logRetention is not a setting"),
        ({"logRetentionDays": "15"}, "deskside:logRetentionDays: must be one of 1, 3,"),
        ({"logRetentionDays": "long"}, "deskside:logRetentionDays: "),
        ({"log_level": "DEBUG"}, "deskside:log_level is not a setting"),
        ({"tags": '{"aws:team": "x"}'}, "deskside:tags: aws:team: "),
        ({"tags": '{"environment": "x"}'}, "deskside:tags: environment: this tag is there already"),
        ({"tags": '{"Team": "x", "team": "y"}'}, "deskside:tags: Team: this tag is there already"),
        ({"tags": '{"Team": "a&b"}'}, "deskside:tags: Team: must be letters"),
        ({"tags": json.dumps({"Team": "x" * 257})}, "deskside:tags: Team: must be letters"),
        ({"tags": json.dumps({f"Tag{n}": "x" for n in range(8)})}, "deskside:tags: Dictionary should have at most 7"),
        ({"logLevel": "LOUD"}, "deskside:logLevel: "),
        ({"protect": "perhaps"}, "deskside:protect: "),
        ({"accountId": "12345"}, "deskside:accountId: "),
        ({"signInDomain": "My-Domain"}, "deskside:signInDomain: "),
        ({"signInDomain": "my-aws-domain"}, "deskside:signInDomain: may not contain 'aws'"),
        ({"functionMemoryMb": "64"}, "deskside:functionMemoryMb: "),
        ({"alarmEmail": "nobody"}, "deskside:alarmEmail: "),
        ({"functionMemoryMb": "64"}, "deskside:functionMemoryMb: "),
        ({"messageBurst": "0"}, "deskside:messageBurst: "),
        ({"appCallbackUrls": "[]"}, "deskside:appCallbackUrls: "),
        ({"appCallbackUrls": '["http://example.com/"]'}, "deskside:appCallbackUrls: http://example.com/: must be"),
        ({"appCallbackUrls": '["https://example.com/#in"]'}, "https://example.com/#in: may not have a fragment"),
        ({"sessionMemory": "redis"}, "deskside:sessionMemory: "),
        ({"sessionMemory": "valkey"}, "agentNetwork must be vpc"),
        ({"agentIdleMinutes": "60", "agentLifetimeMinutes": "30"}, "agentIdleMinutes must not exceed"),
        ({"agentNetwork": "vpc", "zoneIds": '["use1-az3", "use1-az1"]'}, "zoneIds: AgentCore supports use1-az1"),
        ({"agentNetwork": "vpc", "zoneIds": '["use1-az1"]'}, "zoneIds must name two or three different zones"),
        ({"agentNetwork": "vpc", "zoneIds": '["use1-az1", "use1-az1"]'}, "zoneIds must name two or three different"),
        ({"vpcCidr": "127.0.0.0/16"}, "deskside:vpcCidr: must be a private IPv4 network"),
        ({"vpcCidr": "169.254.0.0/16"}, "deskside:vpcCidr: must be a private IPv4 network"),
        ({"vpcCidr": "8.8.0.0/16"}, "deskside:vpcCidr: must be a private IPv4 network"),
        ({"vpcCidr": "10.0.0.0/28"}, "deskside:vpcCidr: must be a private IPv4 network"),
        ({"vpcCidr": "ten"}, "deskside:vpcCidr: "),
    ],
)
def test_a_wrong_value_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(**given)
    assert said in str(caught.value)


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.parse({"logLevel": "LOUD", "colour": "red"}, "us-east-1")
    for said in ("deskside:signInDomain is not set", "deskside:logLevel: ", "deskside:colour is not a setting"):
        assert said in str(caught.value)


@pytest.mark.parametrize(("region", "said"), [(None, "aws:region is not set"), ("Frankfurt", "aws:region: ")])
def test_the_region_is_needed(region: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse(region)


def test_the_region_has_one_place() -> None:
    with pytest.raises(ConfigurationError, match="deskside:region is not a setting"):
        Settings.parse({**LEAST, "region": "eu-west-1"}, "us-east-1")


def test_what_only_a_default_provider_would_read_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="aws:profile, aws:roleArn: not read"):
        record(Settings.load, config={"aws:region": "us-east-1", "aws:roleArn": "r", "aws:profile": "prod"})


def test_every_key_of_the_stack_is_read_or_refused() -> None:
    config = {"aws:region": "us-east-1", "deskside:signInDomain": "d", "pulumi:autonaming": "{}", "other:key": "x"}
    loaded: list[Settings] = []
    record(lambda: loaded.append(Settings.load()), config=config)
    assert loaded == [Settings.of(config)]
    with pytest.raises(ConfigurationError, match="deskside:colour is not a setting"):
        record(Settings.load, config={**config, "deskside:colour": "red"})


def test_the_program_tags_with_what_no_one_else_may() -> None:
    (provider,) = record_stack("dev").of_type("pulumi:providers:aws")
    tags = provider.inputs["defaultTags"]
    assert tuple((json.loads(tags) if isinstance(tags, str) else tags)["tags"]) == OWN_TAGS


def test_a_region_we_know_nothing_of_needs_its_zones() -> None:
    with pytest.raises(ConfigurationError, match="zoneIds must be given"):
        parse("ap-southeast-2", agentNetwork="vpc")
    assert parse("ap-southeast-2", agentNetwork="vpc", zoneIds='["apse2-az1", "apse2-az2"]').zones == [
        "apse2-az1",
        "apse2-az2",
    ]


def test_pulumi_prints_it_without_a_traceback() -> None:
    assert issubclass(ConfigurationError, pulumi.RunError)


def test_dev_costs_little_and_leaves_nothing_behind() -> None:
    dev = of_stack("dev")
    assert not dev.protect
    assert (dev.session_memory, dev.agent_network) == (SessionMemoryKind.S3, AgentNetwork.PUBLIC)


def test_prod_is_protected_and_stands_on_more_than_one_zone() -> None:
    prod = of_stack("prod")
    assert prod.protect
    assert (prod.session_memory, prod.agent_network) == (SessionMemoryKind.VALKEY, AgentNetwork.VPC)
    assert len(prod.zones) >= 2
    assert prod.nat_gateways is NatGateways.ONE_PER_ZONE
    assert prod.log_retention_days >= 30


def test_the_stacks_may_share_an_account() -> None:
    # What exists once per account and Region is set by both, so their Regions must differ.
    dev, prod = of_stack("dev"), of_stack("prod")
    assert not (dev.account_settings and prod.account_settings and dev.region == prod.region)
    assert dev.sign_in_domain != prod.sign_in_domain


def test_only_one_module_reads_the_configuration() -> None:
    sources = [ROOT / "__main__.py", *(ROOT / "components").rglob("*.py"), *(ROOT / "deployment").rglob("*.py")]
    reading = ("pulumi.Config(", "runtime.config", "get_config_env")
    readers = {path.name for path in sources if any(word in path.read_text() for word in reading)}
    assert readers == {"settings.py"}
