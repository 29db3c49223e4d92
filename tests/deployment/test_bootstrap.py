"""The bootstrap program: who may assume which role, and what for."""

import contextlib
import json
import re
import runpy
import sys
from typing import Any

import pytest
import yaml

from bootstrap import settings as bootstrap_settings
from components.naming import prefix
from deployment.pulumi_cli import ROOT
from deployment.stack_file import known_stacks
from validation import iam, sdk_types
from validation.graph import Graph
from validation.recording import record, record_stack

FOLDER = ROOT / "bootstrap"
CONFIG = {
    "aws:region": "us-east-1",
    "deskside-bootstrap:repository": "acme/deskside",
    "deskside-bootstrap:ownerId": "123456",
    "deskside-bootstrap:repositoryId": "456789",
    "deskside-bootstrap:environments": '["dev", "prod"]',
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    # As the Pulumi CLI does it: the program's folder first on the path.
    monkeypatch.syspath_prepend(str(FOLDER))

    def program(**config: str | None) -> Graph:
        given = {**CONFIG, **{f"deskside-bootstrap:{key}": value for key, value in config.items()}}
        values = {key: value for key, value in given.items() if value is not None}
        with contextlib.ExitStack() as after:
            for module in ("github_roles", "settings", "state_home"):
                sys.modules.pop(module, None)
                after.callback(sys.modules.pop, module, None)
            return record(
                lambda: runpy.run_path(str(FOLDER / "__main__.py"), run_name="__main__"),
                stack="ci",
                config=values,
                project="deskside-bootstrap",
            )

    return program


def trust(graph: Graph, role: str) -> dict[str, Any]:
    (statement,) = json.loads(graph.named(role).inputs["assumeRolePolicy"])["Statement"]
    return statement


def policy(graph: Graph, role: str) -> list[dict[str, Any]]:
    return json.loads(graph.named(f"{role}-policy").inputs["policy"])["Statement"]


def attached(graph: Graph, role: str) -> list[str]:
    kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    found = [each for each in graph.resources if each.type == kind and each.name.startswith(f"{role}-")]
    return [each.inputs["policyArn"].rpartition("/")[2] for each in found]


SUBJECTS = {
    "deskside-ci-preview": "repo:acme@123456/deskside@456789:pull_request",
    "deskside-ci-drift": "repo:acme@123456/deskside@456789:ref:refs/heads/main",
    "deskside-ci-up-dev": "repo:acme@123456/deskside@456789:environment:dev",
    "deskside-ci-up-prod": "repo:acme@123456/deskside@456789:environment:prod",
}


def test_each_role_trusts_one_repository_in_one_context(run: Any) -> None:
    graph = run()
    roles = {each.name for each in graph.resources if each.type == "aws:iam/role:Role"}
    assert roles == set(SUBJECTS)
    for role, subject in SUBJECTS.items():
        statement = trust(graph, role)
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": subject,
            }
        }


def test_a_repository_of_before_the_numbers(run: Any) -> None:
    graph = run(ownerId=None, repositoryId=None)
    condition = trust(graph, "deskside-ci-preview")["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == "repo:acme/deskside:pull_request"


READING = re.compile(r"(sts:GetCallerIdentity|ec2:Describe\w+|s3:ListBucket|s3:GetObject|kms:Decrypt|kms:DescribeKey)")


def test_a_preview_can_change_nothing(run: Any) -> None:
    graph = run()
    assert attached(graph, "deskside-ci-preview") == []
    actions = [action for each in policy(graph, "deskside-ci-preview") for action in each["Action"]]
    assert actions
    assert all(READING.fullmatch(action) for action in actions)


def test_drift_reads_and_no_more(run: Any) -> None:
    graph = run()
    assert attached(graph, "deskside-ci-drift") == ["ReadOnlyAccess"]
    verbs = {action.partition(":")[2] for each in policy(graph, "deskside-ci-drift") for action in each["Action"]}
    assert all(verb.startswith(("Get", "List", "Describe", "Decrypt")) for verb in verbs)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_up_makes_roles_of_its_own_stack_only(environment: str, run: Any) -> None:
    graph = run()
    role = f"deskside-ci-up-{environment}"
    assert attached(graph, role) == ["PowerUserAccess"]
    resources = {resource for each in policy(graph, role) for resource in each["Resource"]}
    assert len(resources) == 1
    pattern = resources.pop().rpartition("/")[2]
    assert pattern == f"{prefix('deskside', environment)}-*"
    passed = [each for each in policy(graph, role) if "iam:PassRole" in each["Action"]]
    assert passed[0]["Condition"]["StringEquals"]["iam:PassedToService"]


def test_up_may_pass_every_role_that_the_program_makes(run: Any) -> None:
    (passing,) = [each for each in policy(run(), "deskside-ci-up-dev") if "iam:PassRole" in each["Action"]]
    allowed = set(passing["Condition"]["StringEquals"]["iam:PassedToService"])
    sources = "\n".join(path.read_text() for path in (ROOT / "components").rglob("*.py"))
    used = set(re.findall(r'"service": "([a-z.-]+\.amazonaws\.com)"', sources))
    assert used
    assert used <= allowed


def test_the_state_is_kept(run: Any) -> None:
    graph = run()
    for name in ("deskside-ci-state",):
        kept = [each for each in graph.resources if each.name == name and each.type.startswith("aws:")]
        assert {each.type for each in kept} == {"aws:kms/key:Key", "aws:s3/bucket:Bucket"}
        assert all(each.protect for each in kept)
    assert {"backendUrl", "secretsProvider", "previewRoleArn", "driftRoleArn", "upRoleArns"} <= set(graph.exports)


def test_with_pulumi_cloud_there_is_no_bucket(run: Any) -> None:
    graph = run(state="false")
    assert not [each for each in graph.resources if each.type.startswith(("aws:s3", "aws:kms"))]
    actions = [action for each in policy(graph, "deskside-ci-preview") for action in each["Action"]]
    assert not [action for action in actions if action.startswith(("s3:", "kms:"))]


def test_an_existing_provider_is_used(run: Any) -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    graph = run(providerArn=arn)
    assert not [each for each in graph.resources if "openIdConnectProvider" in each.type]
    assert trust(graph, "deskside-ci-preview")["Principal"] == {"Federated": arn}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"repository": "acme"}, "repository must be owner/name"),
        ({"repository": "acme/*"}, "repository must be owner/name"),
        ({"ownerId": None}, "give both or neither"),
        ({"environments": "[]"}, "must name at least one"),
        ({"environments": '["*"]'}, "must be 1 to 13"),
        ({"environments": '["production-europe"]'}, "must be 1 to 13"),
        ({"branch": "*"}, "without wildcards"),
    ],
)
def test_what_would_trust_too_many_is_refused(changed: dict[str, str | None], said: str, run: Any) -> None:
    with pytest.raises(Exception, match=said):
        run(**changed)


def test_the_example_has_every_key_that_is_required() -> None:
    example = yaml.safe_load((FOLDER / "Pulumi.ci.yaml").read_text())["config"]
    assert set(example) == {key if ":" in key else f"deskside-bootstrap:{key}" for key in CONFIG}
    assert bootstrap_settings.NAME.fullmatch(example["deskside-bootstrap:repository"])


def test_types_and_policies_are_right(run: Any) -> None:
    graph = run()
    assert sdk_types.check(graph) == []
    # Parliament knows no condition keys of identity providers outside of AWS.
    accepted = "token.actions.githubusercontent.com:"
    findings = [str(finding) for finding in iam.check(graph)]
    assert [finding for finding in findings if accepted not in finding] == []


def test_a_preview_may_ask_what_the_program_asks(run: Any) -> None:
    needed = {
        "aws:index/getCallerIdentity:getCallerIdentity": "sts:GetCallerIdentity",
        "aws:index/getAvailabilityZones:getAvailabilityZones": "ec2:DescribeAvailabilityZones",
        # The provider knows it by itself.
        "aws:index/getPartition:getPartition": None,
    }
    actions = {action for each in policy(run(), "deskside-ci-preview") for action in each["Action"]}
    asked = {invoke for stack in known_stacks(ROOT) for invoke in record_stack(stack).invokes}
    assert asked
    assert {needed[invoke] for invoke in asked} - {None} <= actions
