"""A bucket that only our own roles reach."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.private_bucket import PrivateBucket
from validation.graph import Graph
from validation.recording import record

NAME = "deskside-test-things"
BUCKET = "aws:s3/bucket:Bucket"


def recorded(protect: bool = False, days: int | None = None) -> Graph:
    def program() -> None:
        provider = aws.Provider("test", region="us-east-1")
        opts = pulumi.ResourceOptions(providers=[provider])
        if days is None:
            PrivateBucket(NAME, {"protect": protect}, opts)
        else:
            PrivateBucket(NAME, {"protect": protect, "expiry": {"prefix": "old/", "days": days}}, opts)

    return record(program)


def test_nothing_in_it_is_public() -> None:
    graph = recorded()
    private = graph.named(f"{NAME}-private").inputs
    assert [key for key, value in private.items() if value is True] == [key for key in private if key != "bucket"]
    assert len(private) == 5
    assert graph.named(f"{NAME}-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_it_is_encrypted_and_not_versioned() -> None:
    graph = recorded()
    (rule,) = graph.named(f"{NAME}-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    assert not graph.of_type("aws:s3/bucketVersioning:BucketVersioning"), "an old version would outlive its expiry"


def test_it_takes_tls_only() -> None:
    graph = recorded()
    (statement,) = json.loads(graph.named(f"{NAME}-policy").inputs["policy"])["Statement"]
    arn = graph.named(NAME, BUCKET).outputs["arn"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == [arn, f"{arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert graph.named(f"{NAME}-private").urn in graph.named(f"{NAME}-policy").dependencies


@pytest.mark.parametrize("protect", [True, False])
def test_it_is_kept_or_goes_with_what_is_in_it(protect: bool) -> None:
    bucket = recorded(protect).named(NAME, BUCKET)
    assert bucket.protect is protect
    assert bucket.inputs["forceDestroy"] is not protect


def test_it_forgets_only_where_it_is_told() -> None:
    assert ["expiration" in rule for rule in recorded().named(f"{NAME}-lifecycle").inputs["rules"]] == [False]
    rules = recorded(days=3).named(f"{NAME}-lifecycle").inputs["rules"]
    (expiry,) = [rule for rule in rules if "expiration" in rule]
    assert (expiry["filter"], expiry["expiration"]) == ({"prefix": "old/"}, {"days": 3})
