"""The agent's container image: built in AWS from the sources, whenever they change."""

import hashlib
import json
from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.durable_function import DurableFunction
from components.environment import environment
from components.location import Location, arn
from components.policies import Statement
from components.private_bucket import PrivateBucket
from components.service_role import ServiceRole
from services.contract.limits import MAX_EXECUTION_TIMEOUT
from services.contract.settings import ImageBuilderSettings

BUILD_IMAGE = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
"""Amazon Linux 2023 for arm64 (CodeBuild user guide, "Docker images provided by CodeBuild")."""

BUILD_MINUTES = 10
"""CodeBuild ends a build then. The function that waits for it has 15 minutes."""

QUEUED_MINUTES = 5
"""The least that CodeBuild accepts; a build that waits longer for a machine is given up."""

KEPT_IMAGES = 30
"""Every image that an update starts to serve is the newest at that moment; an older one is served only
after a return to older sources. Thirty pushes later, the next update has replaced it."""

TAG_CHARACTERS = 32

BUILDSPEC = json.dumps(
    {
        "version": 0.2,
        "env": {"shell": "bash"},
        "phases": {
            "pre_build": {
                "commands": [
                    'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"'
                ]
            },
            # In one phase: the second command is not run when the first has failed.
            "build": {
                "commands": [
                    'docker build --file services/agent/Dockerfile --build-arg MODEL_PACKAGES="$MODEL_PACKAGES"'
                    ' --tag "$REPOSITORY:$IMAGE_TAG" .',
                    'docker push "$REPOSITORY:$IMAGE_TAG"',
                ]
            },
        },
    }
)
"""Run by CodeBuild in the unpacked sources. JSON is YAML."""


def image_tag(source_hash: str, model_packages: str) -> str:
    """The hash of all that goes into the image, but for what the base images' tags point to.

    Args:
        source_hash: of the build context, which has the Dockerfile and the lock file in it.
        model_packages: what is installed besides.
    """
    contents = json.dumps([source_hash, model_packages, BUILDSPEC, BUILD_IMAGE])
    return hashlib.sha256(contents.encode()).hexdigest()[:TAG_CHARACTERS]


class AgentImageArgs(TypedDict):
    """Inputs of AgentImage."""

    location: Location
    source: Path
    """Zip of the build context: the repository, as far as the agent needs it."""
    source_hash: str
    """Hash of its contents, in hex; a zip that was only packed anew has the same."""
    builder_package: Path
    """Zip of `services.deploy_hooks`."""
    model_packages: str
    """Requirements, separated by spaces, of another model provider than Bedrock; or nothing."""
    log_retention_days: int
    protect: bool
    """Keeps repository and bucket from being deleted, with what is in them."""


class AgentImage(pulumi.ComponentResource):
    """A repository with the image for these sources, built before anything that takes its `uri`.

    The sources' zip goes to S3 under its hash; a durable function has CodeBuild make the image of that hash
    and answers when it is there. A failed build fails the update, with the link to the build's log.
    """

    uri: pulumi.Output[str]
    """`repository:tag`, known once the image can be pulled."""
    repository_uri: pulumi.Output[str]
    repository_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AgentImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:AgentImage", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        tag = image_tag(args["source_hash"], args["model_packages"])

        repository = self._repository(name, args["protect"])
        # An object's key is the hash of its contents; Pulumi deletes it when its successor is there.
        bucket = PrivateBucket(f"{name}-sources", {"protect": args["protect"]}, child)
        source = aws.s3.BucketObjectv2(
            f"{name}-source",
            bucket=bucket.bucket,
            key=f"agent/{args['source_hash']}.zip",
            source=pulumi.FileAsset(str(args["source"])),
            source_hash=args["source_hash"],
            content_type="application/zip",
            opts=child,
        )
        location = pulumi.Output.concat(bucket.bucket, "/", source.key)
        project = self._project(name, args, repository, bucket, source=location, tag=tag)

        builder = DurableFunction(
            f"{name}-builder",
            {
                "location": args["location"],
                "description": "Has the agent's image built during deployment; suspended while CodeBuild works",
                "package": args["builder_package"],
                "handler": "services.deploy_hooks.image.handler",
                "memory_mb": 256,
                # As mcp-proxy's: an invocation takes seconds, but may have to be allowed the whole wait.
                "timeout_seconds": MAX_EXECUTION_TIMEOUT,
                "execution_timeout_seconds": MAX_EXECUTION_TIMEOUT,
                "log_retention_days": args["log_retention_days"],
                "environment": environment(
                    lambda read: ImageBuilderSettings(
                        codebuild_project=read(project.name), ecr_repository=read(repository.name)
                    )
                ),
                "statements": [
                    {
                        "actions": [
                            "codebuild:StartBuild",
                            "codebuild:BatchGetBuilds",
                            "codebuild:ListBuildsForProject",
                        ],
                        "resources": [project.arn],
                    },
                    {"actions": ["ecr:DescribeImages"], "resources": [repository.arn]},
                ],
            },
            child,
        )
        built = aws.lambda_.Invocation(
            f"{name}-build",
            function_name=builder.function_name,
            qualifier=builder.alias_name,
            input=pulumi.Output.json_dumps({"tag": tag, "source": location, "model_packages": args["model_packages"]}),
            # A repository that was replaced is empty.
            triggers={"tag": tag, "repository": repository.repository_url},
            # With `builder` also its role's policy: the first call needs it.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[builder, project, source])),
        )

        # Through the build's result, so that whoever uses the URI waits for the image.
        self.uri = pulumi.Output.all(repository.repository_url, built.result).apply(lambda known: f"{known[0]}:{tag}")
        self.repository_uri = repository.repository_url
        self.repository_arn = repository.arn
        self.register_outputs(
            {"uri": self.uri, "repository_uri": self.repository_uri, "repository_arn": self.repository_arn}
        )

    def _repository(self, name: str, protect: bool) -> aws.ecr.Repository:
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            f"{name}-images",
            # A tag is a hash of what is in the image; it never comes to mean another.
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            force_delete=not protect,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=protect)),
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-images-lifecycle",
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": "What a push that failed has left",
                            "selection": {
                                "tagStatus": "untagged",
                                "countType": "sinceImagePushed",
                                "countUnit": "days",
                                "countNumber": 7,
                            },
                            "action": {"type": "expire"},
                        },
                        {
                            "rulePriority": 2,
                            "description": "All but the newest",
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": KEPT_IMAGES,
                            },
                            "action": {"type": "expire"},
                        },
                    ]
                }
            ),
            opts=child,
        )
        return repository

    def _project(
        self,
        name: str,
        args: AgentImageArgs,
        repository: aws.ecr.Repository,
        bucket: PrivateBucket,
        *,
        source: pulumi.Output[str],
        tag: str,
    ) -> aws.codebuild.Project:
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(f"{name}-log", retention_in_days=args["log_retention_days"], opts=child)
        statements: list[Statement] = [
            {
                "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "resources": [pulumi.Output.concat(logs.arn, ":*")],
            },
            {
                "actions": ["s3:GetObject", "s3:GetObjectVersion"],
                "resources": [pulumi.Output.concat(bucket.arn, "/agent/*")],
            },
            {"actions": ["s3:GetBucketAcl", "s3:GetBucketLocation"], "resources": [bucket.arn]},
            # A token is for the whole registry; the service allows no narrower resource.
            {"actions": ["ecr:GetAuthorizationToken"], "resources": ["*"]},
            {
                "actions": [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                "resources": [repository.arn],
            },
        ]
        role = ServiceRole(
            f"{name}-build-role",
            {
                "service": "codebuild.amazonaws.com",
                "account_id": args["location"]["account_id"],
                "source_arns": [arn(args["location"], "codebuild", f"project/{name}-project-*")],
                "statements": statements,
            },
            child,
        )
        return aws.codebuild.Project(
            f"{name}-project",
            description="Builds the agent's image; each build is told its sources and its tag",
            service_role=role.arn,
            build_timeout=BUILD_MINUTES,
            queued_timeout=QUEUED_MINUTES,
            # The function that starts a build says which; this is for whoever starts one by hand.
            source={"type": "S3", "location": source, "buildspec": BUILDSPEC},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "ARM_CONTAINER",
                "compute_type": "BUILD_GENERAL1_SMALL",
                "image": BUILD_IMAGE,
                # Docker in Docker.
                "privileged_mode": True,
                "environment_variables": [
                    {"name": "REPOSITORY", "value": repository.repository_url},
                    {"name": "IMAGE_TAG", "value": tag},
                    *([{"name": "MODEL_PACKAGES", "value": packages}] if (packages := args["model_packages"]) else []),
                    # One plain manifest: no index with attestations beside the image.
                    {"name": "BUILDX_NO_DEFAULT_ATTESTATIONS", "value": "1"},
                ],
            },
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": logs.name}},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[role])),
        )
