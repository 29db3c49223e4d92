"""The DynamoDB tables, and that the local stack has the same."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.tables import Tables
from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from local.parts.tables import TABLES, TTL_ATTRIBUTE
from validation.graph import Graph
from validation.recording import faults, record

TYPE = "aws:dynamodb/table:Table"
LOCAL = {definition["TableName"]: definition for definition in TABLES}


def recorded(protect: bool = False) -> Graph:
    def program() -> None:
        tables = Tables("t", {"protect": protect})
        pulumi.export("index", tables.session_index_arn)

    return record(program)


def as_created(inputs: dict[str, Any]) -> dict[str, Any]:
    """A table's inputs as the arguments of CreateTable, but for its name."""
    keys = [{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}]
    if "rangeKey" in inputs:
        keys.append({"AttributeName": inputs["rangeKey"], "KeyType": "RANGE"})
    indexes = [
        {
            "IndexName": index["name"],
            "KeySchema": [
                {"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in index["keySchemas"]
            ],
            "Projection": {"ProjectionType": index["projectionType"]},
        }
        for index in inputs.get("globalSecondaryIndexes", [])
    ]
    return {
        "BillingMode": inputs["billingMode"],
        "AttributeDefinitions": [
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in inputs["attributes"]
        ],
        "KeySchema": keys,
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


@pytest.mark.parametrize(("name", "local"), [("t-connections", CONNECTIONS_TABLE), ("t-requests", REQUESTS_TABLE)])
def test_cloud_and_local_stack_agree(name: str, local: str) -> None:
    inputs = dict(recorded().named(name).inputs)
    expected = {key: value for key, value in LOCAL[local].items() if key != "TableName"}
    assert as_created(inputs) == expected
    assert inputs["ttl"] == {"attributeName": TTL_ATTRIBUTE, "enabled": True}


def test_every_input_is_known() -> None:
    graph = recorded()
    assert faults(graph) == []
    assert graph.exports["index"] == graph.named("t-connections").outputs["arn"] + "/index/session_id"


def test_the_index_uses_no_deprecated_key() -> None:
    (index,) = recorded().named("t-connections").inputs["globalSecondaryIndexes"]
    assert {"hashKey", "rangeKey"}.isdisjoint(index)


@pytest.mark.parametrize("protect", [True, False])
def test_protection_as_chosen(protect: bool) -> None:
    tables = recorded(protect).of_type(TYPE)
    assert len(tables) == 2
    for table in tables:
        assert table.protect is protect
        assert table.inputs["deletionProtectionEnabled"] is protect
        assert table.inputs["pointInTimeRecovery"] == {"enabled": protect}
