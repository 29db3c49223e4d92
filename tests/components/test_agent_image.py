"""The agent's image: private sources, immutable tags, built before anything uses its URI."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components import agent_image
from components.agent_image import AgentImage, AgentImageArgs, image_tag
from services.contract.limits import MAX_EXECUTION_TIMEOUT
from services.contract.settings import ImageBuilderSettings
from services.deploy_hooks import image as hook
from validation.graph import Graph, Resource
from validation.recording import record

NAME = "deskside-test-image"
HASH = "a" * 64


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "package.zip"
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    return path


def built(package: Path, **changes: Any) -> Graph:
    args: dict[str, Any] = {
        "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
        "source": package,
        "source_hash": HASH,
        "builder_package": package,
        "model_packages": "",
        "log_retention_days": 14,
        "protect": False,
        **changes,
    }

    def program() -> None:
        provider = aws.Provider("test", region="us-east-1")
        image = AgentImage(NAME, AgentImageArgs(**args), pulumi.ResourceOptions(providers=[provider]))
        pulumi.export("uri", image.uri)
        pulumi.export("repository", image.repository_uri)
        # Stands for the runtime: whoever takes the URI waits for the build.
        aws.cloudwatch.LogGroup(
            "user", name=image.uri, retention_in_days=1, opts=pulumi.ResourceOptions(provider=provider)
        )

    return record(program)


@pytest.fixture(scope="module")
def graph(package: Path) -> Graph:
    return built(package)


def invocation(graph: Graph) -> Resource:
    return graph.named(f"{NAME}-build")


def policy_of(graph: Graph, name: str) -> list[dict[str, Any]]:
    [policy] = [r for r in graph.of_type("aws:iam/rolePolicy:RolePolicy") if r.name.startswith(name)]
    return json.loads(policy.inputs["policy"])["Statement"]


def test_the_uri_names_the_hash_of_the_contents(graph: Graph) -> None:
    assert graph.exports["uri"] == f"{graph.exports['repository']}:{image_tag(HASH, '')}"


def test_the_tag_follows_everything_that_goes_into_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {image_tag(HASH, ""), image_tag("b" * 64, ""), image_tag(HASH, "openai==2.8.0")}
    monkeypatch.setattr(agent_image, "BUILDSPEC", "{}")
    tags.add(image_tag(HASH, ""))
    assert len(tags) == 4


def test_whoever_uses_the_uri_waits_for_the_build(graph: Graph) -> None:
    assert invocation(graph).urn in graph.named("user").dependencies


def test_the_build_is_asked_for_anew_when_the_tag_changes(graph: Graph, package: Path) -> None:
    changed = invocation(built(package, source_hash="b" * 64))
    assert invocation(graph).inputs["triggers"] != changed.inputs["triggers"]
    assert invocation(graph).inputs["triggers"] == invocation(built(package)).inputs["triggers"]


def test_the_build_is_asked_for_anew_when_the_repository_was_replaced(graph: Graph) -> None:
    repository = graph.named(f"{NAME}-images").outputs["repositoryUrl"]
    assert invocation(graph).inputs["triggers"] == {"tag": image_tag(HASH, ""), "repository": repository}


def test_the_request_is_one_the_function_understands(graph: Graph) -> None:
    inputs = invocation(graph).inputs
    request = hook.ImageRequest.model_validate_json(inputs["input"])
    source = graph.named(f"{NAME}-source").inputs
    assert request.tag == image_tag(HASH, "")
    assert request.source == f"{source['bucket']}/{source['key']}"
    # A durable function is refused without a qualifier.
    assert inputs["qualifier"]


def test_the_function_may_and_can(graph: Graph) -> None:
    function = graph.named(f"{NAME}-builder", "aws:lambda/function:Function")
    assert function.inputs["durableConfig"]["executionTimeout"] == MAX_EXECUTION_TIMEOUT
    variables = function.inputs["environment"]["variables"]
    settings = ImageBuilderSettings.from_environment(variables)
    assert settings.codebuild_project == graph.named(f"{NAME}-project").outputs["name"]
    assert settings.ecr_repository == graph.named(f"{NAME}-images").outputs["name"]
    granted = {action for statement in policy_of(graph, f"{NAME}-builder") for action in statement["Action"]}
    wanted = {
        "codebuild:StartBuild",
        "codebuild:BatchGetBuilds",
        "codebuild:ListBuildsForProject",
        "ecr:DescribeImages",
    }
    assert wanted <= granted


def test_everything_is_there_before_the_build(graph: Graph) -> None:
    needed = {f"{NAME}-source", f"{NAME}-project"}
    assert needed <= {graph.by_urn(urn).name for urn in invocation(graph).dependencies}


def test_a_build_ends_before_its_waiting_function(graph: Graph) -> None:
    project = graph.named(f"{NAME}-project").inputs
    assert project["buildTimeout"] * 60 <= hook.LONGEST_BUILD_SECONDS < MAX_EXECUTION_TIMEOUT
    assert project["queuedTimeout"] >= 5


def test_the_image_is_built_for_arm64_in_docker(graph: Graph) -> None:
    project = graph.named(f"{NAME}-project").inputs
    assert project["environment"]["type"] == "ARM_CONTAINER"
    assert "aarch64" in project["environment"]["image"]
    assert project["environment"]["privilegedMode"] is True
    variables = {v["name"]: v["value"] for v in project["environment"]["environmentVariables"]}
    # A build that somebody starts by hand is the one that an update would start.
    assert variables["IMAGE_TAG"] == image_tag(HASH, "")
    assert "MODEL_PACKAGES" not in variables


def test_a_failed_docker_build_pushes_nothing(graph: Graph) -> None:
    spec = json.loads(graph.named(f"{NAME}-project").inputs["source"]["buildspec"])
    [build, push] = spec["phases"]["build"]["commands"]
    assert build.startswith("docker build --file services/agent/Dockerfile")
    assert push.startswith("docker push")
    assert "post_build" not in spec["phases"]


def test_tags_never_move_and_images_are_scanned(graph: Graph) -> None:
    repository = graph.named(f"{NAME}-images").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    rules = json.loads(graph.named(f"{NAME}-images-lifecycle").inputs["policy"])["rules"]
    # Tagged images go by number only, the newest stay.
    assert [rule["selection"]["countType"] for rule in rules] == ["sinceImagePushed", "imageCountMoreThan"]
    assert rules[0]["selection"]["tagStatus"] == "untagged"


def test_the_sources_are_private_and_reached_through_tls(graph: Graph) -> None:
    block = graph.named(f"{NAME}-sources-private").inputs
    assert all(block[name] is True for name in block if name != "bucket")
    [statement] = json.loads(graph.named(f"{NAME}-sources-policy").inputs["policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2


def test_the_build_role_is_codebuilds_and_pushes_to_one_repository(graph: Graph) -> None:
    role = graph.named(f"{NAME}-build-role", "aws:iam/role:Role")
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    [pattern] = trust["Condition"]["ArnLike"]["aws:SourceArn"]
    project = graph.named(f"{NAME}-project")
    assert project.outputs["arn"].startswith(pattern.removesuffix("*"))
    statements = policy_of(graph, f"{NAME}-build-role")
    anywhere = [s["Action"] for s in statements if s["Resource"] == ["*"]]
    assert anywhere == [["ecr:GetAuthorizationToken"]]
    [push] = [s for s in statements if "ecr:PutImage" in s["Action"]]
    assert push["Resource"] == [graph.named(f"{NAME}-images").outputs["arn"]]


@pytest.mark.parametrize("protect", [True, False])
def test_protected_or_gone_without_a_trace(package: Path, *, protect: bool) -> None:
    graph = built(package, protect=protect)
    repository, bucket = graph.named(f"{NAME}-images"), graph.named(f"{NAME}-sources", "aws:s3/bucket:Bucket")
    assert repository.protect is bucket.protect is protect
    assert repository.inputs["forceDelete"] is bucket.inputs["forceDestroy"] is (not protect)
