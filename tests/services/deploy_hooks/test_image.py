"""The image's build: once for each tag, with an error that says where to look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from aws_durable_execution_sdk_python_testing.executor import Executor
from botocore.exceptions import ReadTimeoutError
from botocore.session import get_session
from botocore.validate import ParamValidator

from services.deploy_hooks import image as module
from tests.services.fakes import client_error

TAG = "0123456789abcdef0123456789abcdef"
OTHER_TAG = "f" * 32
REQUEST = {"tag": TAG, "source": "sources/agent/abc.zip", "model_packages": ""}
DIGEST = "sha256:" + "0" * 64
LOG = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/x"

MODELS = {name: get_session().get_service_model(name) for name in ("codebuild", "ecr")}


def check(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """As botocore does before it sends them."""
    shape = MODELS[service].operation_model(operation).input_shape
    assert shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


@dataclass
class FakeEcr:
    """The repository: tags and their digests."""

    images: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[Exception] = field(default_factory=list[Exception])
    looks: int = 0

    def describe_images(self, **parameters: Any) -> dict[str, Any]:
        check("ecr", "DescribeImages", parameters)
        assert parameters["repositoryName"] == "images"
        self.looks += 1
        if self.failures:
            raise self.failures.pop(0)
        [tag] = [i["imageTag"] for i in parameters["imageIds"]]
        if tag not in self.images:
            raise client_error("ImageNotFoundException")
        return {"imageDetails": [{"imageDigest": self.images[tag], "imageTags": [tag]}]}


@dataclass
class FakeCodeBuild:
    """One project. `course` says what a build is at each look; the last state stays."""

    ecr: FakeEcr
    course: list[dict[str, Any]] = field(default_factory=lambda: [state("IN_PROGRESS"), state("SUCCEEDED")])
    builds: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    start_failures: list[Exception] = field(default_factory=list[Exception])
    look_failures: list[Exception] = field(default_factory=list[Exception])
    unknown: bool = False
    after_start: Callable[[], None] = lambda: None
    looks: int = 0
    listing: bool = False

    def running(self, build_id: str, tag: str) -> None:
        """A build that somebody else has started."""
        self.builds[build_id] = {"id": build_id, "tag": tag}

    def list_builds_for_project(self, **parameters: Any) -> dict[str, Any]:
        check("codebuild", "ListBuildsForProject", parameters)
        self.listing = bool(self.builds)
        return {"ids": [build_id for build_id in reversed(self.builds) if not self.builds[build_id].get("hidden")]}

    def start_build(self, **parameters: Any) -> dict[str, Any]:
        check("codebuild", "StartBuild", parameters)
        self.requests.append(parameters)
        if self.start_failures:
            raise self.start_failures.pop(0)
        token = parameters["idempotencyToken"]
        if token not in self.tokens:
            variables = {v["name"]: v["value"] for v in parameters["environmentVariablesOverride"]}
            self.tokens[token] = f"builds:{len(self.tokens) + 1}"
            self.running(self.tokens[token], variables["IMAGE_TAG"])
        self.after_start()
        return {"build": {"id": self.tokens[token]}}

    def batch_get_builds(self, **parameters: Any) -> dict[str, Any]:
        check("codebuild", "BatchGetBuilds", parameters)
        # What was just listed is running; later a build goes its course.
        listed, self.listing = self.listing, False
        return {"builds": [self._told(build_id, listed) for build_id in parameters["ids"] if not self.unknown]}

    def _told(self, build_id: str, listed: bool) -> dict[str, Any]:
        build = self.builds[build_id]
        current = state("IN_PROGRESS")
        if not listed:
            if self.look_failures:
                raise self.look_failures.pop(0)
            self.looks += 1
            current = self.course.pop(0) if len(self.course) > 1 else self.course[0]
            if current["buildStatus"] == "SUCCEEDED":
                self.ecr.images.setdefault(build["tag"], DIGEST)
        variables = [{"name": "IMAGE_TAG", "value": build["tag"]}]
        return {"id": build_id, "environment": {"environmentVariables": variables}, **current}


def state(status: str, **more: Any) -> dict[str, Any]:
    return {"buildStatus": status, "currentPhase": "BUILD", "logs": {"deepLink": LOG}, "phases": [], **more}


FAILED = state(
    "FAILED",
    currentPhase="COMPLETED",
    phases=[
        {"phaseType": "PRE_BUILD", "phaseStatus": "SUCCEEDED", "contexts": [{"statusCode": "", "message": ""}]},
        {
            "phaseType": "BUILD",
            "phaseStatus": "FAILED",
            "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "docker build …: exit status 1"}],
        },
        {"phaseType": "COMPLETED"},
    ],
)


@dataclass
class Builder:
    """The function in AWS's own test runner, whose clock skips every wait."""

    runner: DurableFunctionTestRunner
    codebuild: FakeCodeBuild
    ecr: FakeEcr
    invocations: list[None]

    def build(self, request: object = REQUEST) -> dict[str, Any]:
        ended = self.runner.run(json.dumps(request), execution_timeout=900)
        assert ended.status.value == "SUCCEEDED", ended.error
        return json.loads(str(ended.result))

    def refuse(self, request: object = REQUEST) -> str:
        ended = self.runner.run(json.dumps(request), execution_timeout=900)
        assert ended.status.value == "FAILED", ended.result
        assert ended.error is not None
        assert str(ended.error.type).endswith("ImageBuildError")
        return str(ended.error.message)


class SandboxKilledError(BaseException):
    """Lambda kills the process: nothing in the handler can catch it."""


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Builder]:
    monkeypatch.setenv("CODEBUILD_PROJECT", "project")
    monkeypatch.setenv("ECR_REPOSITORY", "images")
    ecr = FakeEcr()
    codebuild = FakeCodeBuild(ecr)
    settings = module.ImageBuilderSettings.from_environment()
    monkeypatch.setattr(module, "_dependencies", lambda: (settings, codebuild, ecr))
    monkeypatch.setattr(Executor, "RETRY_BACKOFF_SECONDS", 0)
    invocations: list[None] = []

    def invoke(event: Any, context: Any) -> Any:
        invocations.append(None)
        try:
            return module.handler(event, context)
        except SandboxKilledError:
            raise RuntimeError("the sandbox is gone") from None

    runner = DurableFunctionTestRunner(invoke, poll_interval=0.005)
    with runner:
        yield Builder(runner, codebuild, ecr, invocations)


def test_a_new_tag_is_built_from_exactly_these_sources(builder: Builder) -> None:
    assert builder.build() == {"tag": TAG, "digest": DIGEST, "build": "builds:1"}
    [request] = builder.codebuild.requests
    assert request.pop("idempotencyToken")
    assert request == {
        "projectName": "project",
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": "sources/agent/abc.zip",
        "environmentVariablesOverride": [{"name": "IMAGE_TAG", "value": TAG, "type": "PLAINTEXT"}],
    }


def test_further_packages_are_handed_on(builder: Builder) -> None:
    builder.build({**REQUEST, "model_packages": "openai==2.8.0"})
    variables = builder.codebuild.requests[0]["environmentVariablesOverride"]
    assert {"name": "MODEL_PACKAGES", "value": "openai==2.8.0", "type": "PLAINTEXT"} in variables


def test_suspended_between_two_looks_and_one_build_in_all(builder: Builder) -> None:
    builder.codebuild.course = [*[state("IN_PROGRESS")] * 5, state("SUCCEEDED")]
    builder.build()
    # Replayed from the top each time, and yet one build.
    assert len(builder.invocations) == 6
    assert len(builder.codebuild.requests) == 1


def test_an_image_that_is_there_is_not_built(builder: Builder) -> None:
    builder.ecr.images[TAG] = DIGEST
    assert builder.build() == {"tag": TAG, "digest": DIGEST, "build": None}
    assert builder.codebuild.requests == []


def test_a_build_that_runs_already_is_waited_for(builder: Builder) -> None:
    builder.codebuild.running("builds:theirs", TAG)
    assert builder.build()["build"] == "builds:theirs"
    assert builder.codebuild.requests == []


def test_a_build_for_another_image_is_no_hindrance(builder: Builder) -> None:
    builder.codebuild.running("builds:theirs", OTHER_TAG)
    assert builder.build()["build"] == "builds:1"


def test_a_start_that_was_cut_off_does_not_start_a_second_build(builder: Builder) -> None:
    killed: list[None] = []

    def kill_once() -> None:
        if not killed:
            killed.append(None)
            # So that the replay does not even see the build.
            builder.codebuild.builds["builds:1"]["hidden"] = True
            raise SandboxKilledError

    builder.codebuild.after_start = kill_once
    assert builder.build()["build"] == "builds:1"
    assert list(builder.codebuild.tokens.values()) == ["builds:1"]


def test_a_repeated_start_carries_the_same_token(builder: Builder) -> None:
    builder.codebuild.start_failures = [ReadTimeoutError(endpoint_url="x"), client_error("AccessDeniedException")]
    assert builder.build()["build"] == "builds:1"
    assert len({request["idempotencyToken"] for request in builder.codebuild.requests}) == 1
    assert len(builder.codebuild.requests) == 3


def test_two_updates_have_tokens_of_their_own(builder: Builder) -> None:
    """A build that failed may be tried again at once."""
    builder.codebuild.course = [FAILED]
    builder.refuse()
    builder.codebuild.course = [state("SUCCEEDED")]
    del builder.codebuild.builds["builds:1"]
    assert builder.build()["build"] == "builds:2"


def test_permissions_that_arrive_late_are_waited_for(builder: Builder) -> None:
    builder.ecr.failures = [client_error("AccessDeniedException"), client_error("AccessDeniedException")]
    assert builder.build()["digest"] == DIGEST


def test_permissions_that_never_arrive_fail_the_update(builder: Builder) -> None:
    builder.codebuild.start_failures = [client_error("AccessDeniedException") for _ in range(9)]
    message = builder.refuse()
    assert TAG in message
    assert "AccessDeniedException" in message


def test_a_failed_build_tells_phase_reason_and_log(builder: Builder) -> None:
    builder.codebuild.course = [state("IN_PROGRESS"), FAILED]
    assert builder.refuse() == (
        f"The agent's image images:{TAG} was not built: FAILED in phase BUILD "
        f"(COMMAND_EXECUTION_ERROR: docker build …: exit status 1). Build builds:1. Log: {LOG}"
    )


@pytest.mark.parametrize("status", ["FAULT", "TIMED_OUT", "STOPPED"])
def test_every_bad_end_fails_the_update(builder: Builder, status: str) -> None:
    builder.codebuild.course = [state(status)]
    message = builder.refuse()
    assert status in message
    assert LOG in message


def test_a_failed_build_does_no_harm_when_another_has_pushed_the_image(builder: Builder) -> None:
    builder.codebuild.course = [FAILED]
    builder.codebuild.after_start = lambda: builder.ecr.images.__setitem__(TAG, DIGEST)
    assert builder.build()["digest"] == DIGEST


def test_a_build_that_takes_too_long_says_how_to_go_on(builder: Builder) -> None:
    builder.codebuild.course = [state("IN_PROGRESS")]
    message = builder.refuse()
    assert "still being built after 10 minutes; `pulumi up` again waits on" in message
    assert LOG in message
    # The last look is the limit, well inside the 900 s.
    assert builder.codebuild.looks <= module.MOST_LOOKS
    # Three steps may each have waited 3, 6, 12 and 24 s for another attempt.
    assert module.MOST_LOOKS * (module.POLL_SECONDS + 3) + 3 * 45 < 900


def test_a_look_that_fails_is_made_up_for(builder: Builder) -> None:
    builder.codebuild.look_failures = [client_error("ThrottlingException"), ReadTimeoutError(endpoint_url="x")]
    assert builder.build()["digest"] == DIGEST


def test_a_build_that_codebuild_does_not_know(builder: Builder) -> None:
    builder.codebuild.unknown = True
    message = builder.refuse()
    assert "has no build that CodeBuild knows" in message
    assert "Log: none yet" in message


def test_a_build_that_pushed_nothing(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder.ecr, "images", type("Nothing", (dict,), {"setdefault": lambda *_: None})())
    assert "was built, but is not in the repository" in builder.refuse()


@pytest.mark.parametrize("request_", [{}, {**REQUEST, "tag": "latest"}, {**REQUEST, "source": "no-key"}])
def test_what_is_no_request_is_refused(builder: Builder, request_: object) -> None:
    assert "Not a request for an image" in builder.refuse(request_)
    assert builder.codebuild.requests == []
