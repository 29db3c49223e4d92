"""What every check may use, and how it asks AWS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from components.settings import Settings
from deployment.doctor.finding import Finding, unknown
from deployment.pulumi_cli import PulumiCli

PROJECT = "deskside"

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "UnauthorizedException",
        "NotAuthorizedException",
    }
)
SIGNED_OUT = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"}
)
CREDENTIALS = "Sign in to AWS, for example with `aws sso login`, and name the profile with AWS_PROFILE"
SEE_CREDENTIALS = "See credentials"


def code(error: ClientError) -> str:
    """AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def no_endpoint(error: Exception) -> bool:
    """Whether there is nobody to ask: the service is not in the Region, or we have no network."""
    return isinstance(error, EndpointConnectionError)


@dataclass(frozen=True)
class Situation:
    """One stack, seen from one machine."""

    stack: str
    settings: Settings
    client: Callable[[str], Any]
    """A boto3 client of a service in the stack's Region."""
    cli: PulumiCli | None = None
    cli_problem: str = ""
    """Why there is no CLI, or why it cannot reach the stack's state."""
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """The stack's outputs; empty before the first `make up`."""

    @property
    def tags(self) -> dict[str, str]:
        """What tells the stack's resources from others."""
        return {"Project": PROJECT, "Environment": self.stack}


Check = Callable[[Situation], Finding | list[Finding]]


def unanswered(subject: str, action: str, error: BotoCoreError | ClientError) -> Finding:
    """The finding when AWS did not answer the question.

    Args:
        subject: what was asked about.
        action: the IAM action that asking needs.
        error: what came instead of an answer.
    """
    if isinstance(error, NoCredentialsError | ProfileNotFound | TokenRetrievalError | UnauthorizedSSOTokenError):
        return unknown(subject, "no AWS credentials", SEE_CREDENTIALS)
    if isinstance(error, ClientError):
        if code(error) in SIGNED_OUT:
            return unknown(subject, f"AWS does not accept the credentials ({code(error)})", SEE_CREDENTIALS)
        if code(error) in DENIED:
            return unknown(subject, "the credentials may not ask", f"Asking needs the action {action}")
        return unknown(subject, f"AWS answered {code(error)}", f"Try again; it was asked with {action}")
    if isinstance(error, ConnectionError | HTTPClientError):
        return unknown(subject, "AWS could not be reached", "Check the network, a proxy, and aws:region")
    return unknown(subject, f"asking failed: {error}", f"It was asked with {action}")
