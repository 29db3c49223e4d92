"""Image repositories and builds in CloudFormation."""

from __future__ import annotations

import json

from validation.cloudformation.types.writing import Inputs, Properties, cased, part, whole, written


@whole("aws:ecr/repository:Repository", "AWS::ECR::Repository")
def _repository(inputs: Inputs) -> Properties:
    properties = written(inputs, {"name": "RepositoryName"}, ("encryptionConfigurations",))
    if inputs.get("encryptionConfigurations"):
        properties["EncryptionConfiguration"] = cased(inputs["encryptionConfigurations"][0])
    return properties


@part("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repository:Repository", "repository")
def _image_lifecycle(repository: Properties, inputs: Inputs) -> None:
    policy = inputs["policy"]
    repository["LifecyclePolicy"] = {
        "LifecyclePolicyText": policy if isinstance(policy, str) else json.dumps(policy),
    }


@whole("aws:codebuild/project:Project", "AWS::CodeBuild::Project")
def _build_project(inputs: Inputs) -> Properties:
    rename = {"buildTimeout": "TimeoutInMinutes", "queuedTimeout": "QueuedTimeoutInMinutes"}
    properties = written(inputs, rename)
    source = properties.get("Source", {})
    if "Buildspec" in source:
        source["BuildSpec"] = source.pop("Buildspec")
    logs = properties.get("LogsConfig", {})
    if "CloudwatchLogs" in logs:
        logs["CloudWatchLogs"] = {"Status": "ENABLED", **logs.pop("CloudwatchLogs")}
    return properties
