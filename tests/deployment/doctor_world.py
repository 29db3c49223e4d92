"""AWS as a doctor's check meets it: botocore's stubs, which hold every answer against the service models."""

from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from components.settings import Settings
from deployment.doctor.situation import Situation

ACCOUNT = "123456789012"


def settings(**given: str) -> Settings:
    """The settings of a stack with these values, as the stack's file holds them."""
    return Settings.parse({"signInDomain": "example", **given}, "us-east-1")


class World:
    """Answers for each service, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubbers: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        """A client that answers only what was laid down."""
        if service not in self._clients:
            made: Any = boto3.client(
                service,  # type: ignore[call-overload]
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            self._clients[service] = made
            self._stubbers[service] = Stubber(made)
            self._stubbers[service].activate()
        return self._clients[service]

    def answers(
        self, service: str, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None
    ) -> "World":
        """Lay down an answer."""
        self.client(service)
        self._stubbers[service].add_response(operation, answer, asked)
        return self

    def refuses(self, service: str, operation: str, code: str) -> "World":
        """Lay down an error that AWS sends."""
        self.client(service)
        self._stubbers[service].add_client_error(operation, code, "no")
        return self

    def unreachable(self, service: str) -> "World":
        """Nobody answers for this service."""
        return self._raises(service, EndpointConnectionError(endpoint_url=f"https://{service}.example.com"))

    def signed_out(self, service: str) -> "World":
        """There are no credentials."""
        return self._raises(service, NoCredentialsError())

    def _raises(self, service: str, error: Exception) -> "World":
        class Broken:
            def __getattr__(self, operation: str) -> Any:
                def call(*_: Any, **__: Any) -> Any:
                    raise error

                return call

        self._clients[service] = Broken()
        return self

    def situation(self, outputs: dict[str, Any] | None = None, **given: str) -> Situation:
        """A stack seen against this world."""
        return Situation("dev", settings(**given), self.client, outputs=outputs or {})

    def check_all_asked(self) -> None:
        """Every answer laid down was asked for."""
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()
