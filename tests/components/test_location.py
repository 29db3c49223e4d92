"""Where a stack lives."""

from __future__ import annotations

import pulumi_aws as aws

from components.location import Location, arn, locate
from validation.recording import record


def test_it_is_asked_of_the_provider_and_known_at_once() -> None:
    found: list[Location] = []

    def program() -> None:
        found.append(locate(aws.Provider("test", region="eu-west-1"), "eu-west-1"))

    graph = record(program)
    assert found == [{"partition": "aws", "region": "eu-west-1", "account_id": "123456789012"}]
    assert set(graph.invokes) == {
        "aws:index/getPartition:getPartition",
        "aws:index/getCallerIdentity:getCallerIdentity",
    }


def test_arns_begin_with_it() -> None:
    location: Location = {"partition": "aws-us-gov", "region": "us-gov-west-1", "account_id": "210987654321"}
    assert arn(location, "logs", "log-group:x:*") == "arn:aws-us-gov:logs:us-gov-west-1:210987654321:log-group:x:*"
