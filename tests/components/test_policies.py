"""IAM documents."""

from __future__ import annotations

import json

import pulumi

from components.policies import policy, trust


async def _document(output: pulumi.Output[str]) -> dict[str, object]:
    text = await output.future()
    assert text is not None
    return json.loads(text)


async def test_a_policy_says_what_its_statements_say() -> None:
    document = await _document(
        policy(
            [
                {"actions": ["s3:GetObject"], "resources": [pulumi.Output.from_input("arn:aws:s3:::b/*")]},
                {
                    "actions": ["cloudwatch:PutMetricData"],
                    "resources": ["*"],
                    "conditions": {"StringEquals": {"cloudwatch:namespace": "n"}},
                },
            ]
        )
    )
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]},
            {
                "Effect": "Allow",
                "Action": ["cloudwatch:PutMetricData"],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"cloudwatch:namespace": "n"}},
            },
        ],
    }


async def test_a_service_acts_for_our_account_only() -> None:
    document = await _document(trust("codebuild.amazonaws.com", "123456789012", ["arn:aws:codebuild:r:a:project/p"]))
    (statement,) = document["Statement"]  # type: ignore[misc]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": ["arn:aws:codebuild:r:a:project/p"]},
        },
    }


async def test_no_empty_condition_is_written() -> None:
    document = await _document(trust("apigateway.amazonaws.com", "123456789012"))
    (statement,) = document["Statement"]  # type: ignore[misc]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
