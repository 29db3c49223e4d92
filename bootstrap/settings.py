"""The settings of the bootstrap program: the only module of it that reads Pulumi config."""

import re
from dataclasses import dataclass

import pulumi

NAME = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
ENVIRONMENT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,11}[a-z0-9])?")
"""Names whose stacks' roles are called `deskside-<name>-…`: longer ones are cut (components/naming.py)."""


class ConfigurationError(pulumi.RunError):
    """The settings cannot be used; the message names the key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One AWS account and the repository that deploys to it."""

    region: str
    repository: str
    """`owner/name` on GitHub."""
    owner_id: int | None
    """GitHub's number of the owner."""
    repository_id: int | None
    """GitHub's number of the repository. Repositories made or renamed since 2026-07-15 have both numbers in
    their tokens' subjects; older ones only after they opt in."""
    environments: tuple[str, ...]
    """GitHub environments that may deploy to this account; each is also the name of a stack."""
    branch: str = "main"
    """From where drift is looked for."""
    state: bool = True
    """Whether to make a bucket and a key for the state of the stacks; false with Pulumi Cloud."""
    provider_arn: str | None = None
    """An existing provider for GitHub's tokens: an account can have only one."""

    def __post_init__(self) -> None:
        """Refuse what would trust the wrong ones."""
        if not NAME.fullmatch(self.repository):
            raise ConfigurationError("deskside-bootstrap:repository must be owner/name")
        if (self.owner_id is None) != (self.repository_id is None):
            raise ConfigurationError("deskside-bootstrap:ownerId and repositoryId: give both or neither")
        if not self.environments:
            raise ConfigurationError("deskside-bootstrap:environments must name at least one")
        for environment in self.environments:
            if not ENVIRONMENT.fullmatch(environment):
                raise ConfigurationError(
                    f"deskside-bootstrap:environments: {environment!r} must be 1 to 13 of a-z, 0-9 and hyphens"
                )
        if not re.fullmatch(r"[A-Za-z0-9._/-]+", self.branch):
            raise ConfigurationError("deskside-bootstrap:branch must be a branch's name, without wildcards")

    def subject(self, context: str) -> str:
        """The `sub` claim of a token of this repository.

        Args:
            context: `pull_request`, `environment:<name>` or `ref:refs/heads/<branch>`.
        """
        owner, _, name = self.repository.partition("/")
        if self.owner_id is None:
            return f"repo:{owner}/{name}:{context}"
        return f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}:{context}"

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the stack that is running.

        Raises:
            ConfigurationError: naming the key that is wrong.
        """
        config = pulumi.Config("deskside-bootstrap")
        state = config.get_bool("state")
        return cls(
            region=pulumi.Config("aws").require("region"),
            repository=config.require("repository"),
            owner_id=config.get_int("ownerId"),
            repository_id=config.get_int("repositoryId"),
            environments=tuple(config.require_object("environments")),
            branch=config.get("branch") or "main",
            state=True if state is None else state,
            provider_arn=config.get("providerArn"),
        )
