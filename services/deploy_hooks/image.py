"""Has the agent's image built by CodeBuild, and answers when it is in ECR. A durable Lambda function.

`pulumi up` invokes it synchronously, so all of it has to end within 900 s. Nothing is charged
between two looks at the build: the execution is suspended. Whatever is started twice (an update that
was cut off and repeated, a replay) finds the image, or the running build, and does not start another.
"""

# The SDK's decorator is only partly typed; no stubs are installed for CodeBuild and ECR.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any

import boto3
from aws_durable_execution_sdk_python import DurableContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services import aws
from services.contract.settings import ImageBuilderSettings
from services.logs import bind_contextvars, clear_contextvars, configure, get_logger

TAG_VARIABLE = "IMAGE_TAG"
"""The build's environment variable with the image's tag; it tells builds apart, too."""

POLL_SECONDS = 20
LONGEST_BUILD_SECONDS = 10 * 60
"""Time until we stop looking. With what each resumption takes, and all the retries of three steps, it stays
below the 900 s that a durable function has when it is invoked synchronously: past them there is no message."""

MOST_LOOKS = LONGEST_BUILD_SECONDS // POLL_SECONDS
MOST_MISSES = 3
"""Looks in a row at which CodeBuild may not know the build: its answers lag behind its own starts."""

BUILDS_LOOKED_AT = 20
"""The newest builds of the project, among which one for the same image may be running."""

SEVERAL_TIMES = StepConfig(
    retry_strategy=create_retry_strategy(
        RetryStrategyConfig(
            max_attempts=5, initial_delay=Duration.from_seconds(3), backoff_rate=2, jitter_strategy=JitterStrategy.NONE
        )
    )
)
"""Some 45 s: on the first deployment the function's own permissions may not have reached every service.
A step that was cut off runs again; StartBuild's idempotency token makes that harmless."""

Build = dict[str, Any]
"""What is kept of a build between two looks; it is written to the execution's history."""


class ImageBuildError(RuntimeError):
    """There is no image. The message is what the person who deploys gets to read."""


class ImageRequest(BaseModel):
    """What `pulumi up` asks for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tag: Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")]
    """Hash of all that goes into the image."""
    source: Annotated[str, Field(pattern=r"^[^/]+/.+$")]
    """`bucket/key` of the build context."""
    model_packages: str = ""


@cache
def _dependencies() -> tuple[ImageBuilderSettings, Any, Any]:
    settings = ImageBuilderSettings.from_environment()
    configure("image-builder", settings.log_level)
    return settings, boto3.client("codebuild", config=aws.QUICK), boto3.client("ecr", config=aws.QUICK)


@durable_execution
def handler(event: object, context: DurableContext) -> dict[str, object]:
    """Answer when the image is in ECR.

    Args:
        event: an ImageRequest.
        context: the durable execution.

    Returns:
        `{"tag": …, "digest": …, "build": <id, or null where the image was there already>}`.

    Raises:
        ImageBuildError: with the build's state, phase, reason and log link. It fails the update.
    """
    clear_contextvars()
    settings, codebuild, ecr = _dependencies()
    try:
        request = ImageRequest.model_validate(event)
    except ValidationError as invalid:
        raise ImageBuildError(f"Not a request for an image: {invalid}") from None
    bind_contextvars(image_tag=request.tag)
    try:
        digest = _find(context, "find-image", ecr, settings.ecr_repository, request.tag)
        if digest:
            return {"tag": request.tag, "digest": digest, "build": None}
        # Derived here, outside the step, so that a step that was cut off starts the same build again.
        token = hashlib.sha256(context.execution_context.durable_execution_arn.encode()).hexdigest()
        build_id = context.step(
            lambda _: (
                _running(codebuild, settings.codebuild_project, request.tag)
                or _start(codebuild, settings.codebuild_project, request, token)
            ),
            name="start-build",
            config=SEVERAL_TIMES,
        )
        build = _wait(context, codebuild, build_id)
        # Asked whatever became of the build: a second one for the same tag fails because the first has pushed it.
        digest = _find(context, "confirm-image", ecr, settings.ecr_repository, request.tag)
    except StepError as error:
        raise ImageBuildError(f"The image {request.tag} could not be built: {error}") from None
    get_logger().info("image_build_ended", build=build_id, status=build["status"], pushed=bool(digest))
    if not digest:
        raise ImageBuildError(_report(settings.ecr_repository, request.tag, build))
    return {"tag": request.tag, "digest": digest, "build": build_id}


def _find(context: DurableContext, name: str, ecr: Any, repository: str, tag: str) -> str | None:
    """The digest of the image with this tag, if there is one."""

    def find(_: object) -> str | None:
        try:
            found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ImageNotFoundException":
                return None
            raise
        return found["imageDetails"][0]["imageDigest"]

    return context.step(find, name=name, config=SEVERAL_TIMES)


def _running(codebuild: Any, project: str, tag: str) -> str | None:
    """A build for the same tag that has not ended."""
    ids: Sequence[str] = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
    if not ids:
        return None
    for build in codebuild.batch_get_builds(ids=ids[:BUILDS_LOOKED_AT])["builds"]:
        variables = {v["name"]: v["value"] for v in build["environment"].get("environmentVariables", [])}
        if build["buildStatus"] == "IN_PROGRESS" and variables.get(TAG_VARIABLE) == tag:
            return build["id"]
    return None


def _start(codebuild: Any, project: str, request: ImageRequest, token: str) -> str:
    """Start a build pinned to this very content, whatever the project's defaults have become meanwhile."""
    variables = {TAG_VARIABLE: request.tag}
    if request.model_packages:
        variables["MODEL_PACKAGES"] = request.model_packages
    started = codebuild.start_build(
        projectName=project,
        # For five minutes CodeBuild answers the same token with the same build.
        idempotencyToken=token,
        sourceTypeOverride="S3",
        sourceLocationOverride=request.source,
        environmentVariablesOverride=[
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
        ],
    )
    return started["build"]["id"]


def _wait(context: DurableContext, codebuild: Any, build_id: str) -> Build:
    """The build when it has ended, or as it is when we may not wait any longer."""

    def look(last: Build, _: object) -> Build:
        try:
            builds = codebuild.batch_get_builds(ids=[build_id])["builds"]
        except (ClientError, BotoCoreError) as error:
            # A look that fails is made up for by the next.
            get_logger().warning("look_failed", build=build_id, reason=type(error).__name__)
            return last
        return _summary(builds[0]) if builds else {**last, "status": "UNKNOWN", "missed": last["missed"] + 1}

    def decide(build: Build, looks: int) -> WaitForConditionDecision:
        under_way = build["status"] == "IN_PROGRESS" or (build["status"] == "UNKNOWN" and build["missed"] < MOST_MISSES)
        if under_way and looks < MOST_LOOKS:
            return WaitForConditionDecision.continue_waiting(Duration.from_seconds(POLL_SECONDS))
        return WaitForConditionDecision.stop_polling()

    unseen: Build = {"id": build_id, "status": "IN_PROGRESS", "phase": None, "reasons": [], "log": None, "missed": 0}
    return context.wait_for_condition(
        look, WaitForConditionConfig(wait_strategy=decide, initial_state=unseen), name="build"
    )


def _summary(build: Mapping[str, Any]) -> Build:
    phases: Sequence[Mapping[str, Any]] = build.get("phases", [])
    failed = next((p for p in phases if p.get("phaseStatus") not in (None, "SUCCEEDED", "IN_PROGRESS", "QUEUED")), None)
    reasons = [
        ": ".join(text for text in (c.get("statusCode"), c.get("message")) if text)
        for c in (failed or {}).get("contexts", [])
    ]
    return {
        "id": build["id"],
        "status": build["buildStatus"],
        "phase": failed["phaseType"] if failed else build.get("currentPhase"),
        "reasons": [reason[:500] for reason in reasons if reason],
        "log": build.get("logs", {}).get("deepLink"),
        "missed": 0,
    }


def _report(repository: str, tag: str, build: Build) -> str:
    """One paragraph with all that is needed to find out what is wrong."""
    match build["status"]:
        case "IN_PROGRESS":
            ended = f"was still being built after {LONGEST_BUILD_SECONDS // 60} minutes; `pulumi up` again waits on"
        case "UNKNOWN":
            ended = "has no build that CodeBuild knows"
        case "SUCCEEDED":
            ended = "was built, but is not in the repository"
        case status:
            ended = f"was not built: {status}"
    where = f" in phase {build['phase']}" if build["phase"] else ""
    why = f" ({'; '.join(build['reasons'])})" if build["reasons"] else ""
    log = build["log"] or "none yet"
    return f"The agent's image {repository}:{tag} {ended}{where}{why}. Build {build['id']}. Log: {log}"
