"""What AWS answers for image repositories and builds."""

from __future__ import annotations

from validation.faithful.created import ACCOUNT, Created, Outputs, answers


@answers("aws:ecr/repository:Repository")
def _repository(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {
        "name": name,
        "arn": new.arn("ecr", f"repository/{name}"),
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{new.region}.amazonaws.com/{name}",
    }


@answers("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy")
def _repository_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["repository"]), {"registryId": ACCOUNT}


@answers("aws:codebuild/project:Project")
def _build_project(new: Created) -> tuple[str, Outputs]:
    arn = new.arn("codebuild", f"project/{new.name()}")
    return arn, {"name": new.name(), "arn": arn}
