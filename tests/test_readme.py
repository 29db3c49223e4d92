"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.settings import AgentNetwork, NatGateways, SessionMemoryKind, Settings
from deployment.stack_file import settings_of
from tests.validation.seeded import GRAPH_SEEDS
from tests.validation.seeds import SOURCE_SEEDS, TYPE_SEEDS
from validation.rules import RULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def _settings(stack: str) -> Settings:
    return settings_of(stack, ROOT)


def _network(settings: Settings) -> str:
    if settings.agent_network is AgentNetwork.PUBLIC:
        return "AgentCore's own"
    gateways = "a NAT gateway in each" if settings.nat_gateways is NatGateways.ONE_PER_ZONE else "one NAT gateway"
    endpoints = ", private endpoints" if settings.private_endpoints else ""
    return f"VPC in {len(settings.zones)} zones, {gateways}{endpoints}"


def _expected(settings: Settings) -> dict[str, str]:
    memory = "S3" if settings.session_memory is SessionMemoryKind.S3 else "Valkey (ElastiCache Serverless)"
    guarded = "deletion protection, point-in-time recovery, Pulumi's `protect`"
    return {
        "Region": settings.region,
        "Session memory": f"{memory}, {settings.session_days} days",
        "Agent's network": _network(settings),
        "Lambda memory": f"{settings.function_memory_mb} MB",
        "Messages a second": f"{settings.message_rate:g}",
        "Logs are kept": f"{settings.log_retention_days} days, from {settings.log_level}",
        "Alarms": "yes" if settings.alarms else "no",
        "Tables, user pool, images": guarded if settings.protect else "removed with the stack",
    }


def _rows(text: str) -> dict[str, list[str]]:
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize(("stack", "column"), [("dev", 0), ("prod", 1)])
def test_the_table_of_the_stacks_is_that_of_their_settings(stack: str, column: int) -> None:
    rows = _rows(README)
    expected = _expected(_settings(stack))
    assert {name: rows[name][column] for name in expected} == expected


def test_the_costs_are_those_of_the_cost_page() -> None:
    rows, costs = _rows(README), _rows((ROOT / "docs" / "cost.md").read_text())
    assert rows["A month in which nobody connects"] == costs["a month in which nobody connects"]
    assert rows["1,000 conversations, the model included"] == costs["1,000 conversations"]


def test_every_setting_in_which_the_stacks_differ_is_in_the_table() -> None:
    dev, prod = _settings("dev").model_dump(), _settings("prod").model_dump()
    shown = {
        *("region", "session_memory", "session_days", "agent_network", "nat_gateways", "private_endpoints"),
        *("function_memory_mb", "message_rate", "message_burst", "log_retention_days", "log_level"),
        *("alarms", "protect", "sign_in_domain"),
    }
    assert {name for name in dev if dev[name] != prod[name]} <= shown


def test_what_it_counts_can_be_counted() -> None:
    assert f"{len(RULES)} rules of our own" in README
    assert f"{len(GRAPH_SEEDS) + len(SOURCE_SEEDS) + len(TYPE_SEEDS)} seeded faults" in README


def test_the_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"`?make ([a-z][a-z-]+)", README))
    assert named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def test_the_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_every_folder_is_explained() -> None:
    tracked = {path.name for path in ROOT.iterdir() if path.is_dir() and (path / "__init__.py").is_file()}
    assert [name for name in sorted(tracked) if f"`{name}/" not in README] == []
