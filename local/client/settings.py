"""Where a client finds the system it talks to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from local.config import APP_CLIENT_ID, APP_REDIRECT_URI, LocalConfig

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class ClientSettingsError(ValueError):
    """The client's settings cannot be used; the message says which and why."""


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def _carries_tokens(secure: str, plain: str) -> AfterValidator:
    # A token may leave this machine only encrypted.
    def check(url: str) -> str:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in (secure, plain):
            raise ValueError(f"must be a {secure}:// URL")
        if parts.scheme == plain and not is_loopback(url):
            raise ValueError(f"must be a {secure}:// URL: {plain}:// is for this machine only")
        return url

    return AfterValidator(check)


class ClientSettings(BaseModel):
    """The public addresses of one deployed or local system. Holds no secret."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    websocket_url: Annotated[str, _carries_tokens("wss", "ws")]
    authorize_url: Annotated[str, _carries_tokens("https", "http")]
    token_url: Annotated[str, _carries_tokens("https", "http")]
    client_id: Annotated[str, StringConstraints(min_length=1)]
    redirect_uri: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:/")]
    scope: str = "openid"
    pageless: bool = False
    """The issuer signs in the person named by `login_hint` without showing a page."""

    @classmethod
    def local(cls, config: LocalConfig) -> Self:
        """The settings of the local stack."""
        return cls(
            websocket_url=config.websocket_url,
            authorize_url=config.authorize_url,
            token_url=config.token_url,
            client_id=APP_CLIENT_ID,
            redirect_uri=APP_REDIRECT_URI,
            pageless=True,
        )

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The settings of a deployed system.

        Raises:
            ClientSettingsError: the file is missing, is not JSON or lacks a setting.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ClientSettingsError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError:
            raise ClientSettingsError(f"{path} is not JSON") from None
        if not isinstance(values, dict):
            raise ClientSettingsError(f"{path} is not a JSON object")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise ClientSettingsError(f"{path}: {faults}") from None
