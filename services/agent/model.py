"""The model, chosen by setting."""

from __future__ import annotations

import importlib
import inspect
import json
from typing import Any, cast

from botocore.config import Config
from strands.models import Model

from services.contract.settings import AgentSettings, SettingsError

MAX_TOKENS = 2_048
"""Length of one model answer; some 8 KB of text, so that the final answer fits one frame."""

BEDROCK = Config(connect_timeout=5, read_timeout=120, retries={"mode": "adaptive", "total_max_attempts": 3})
"""A model call changes nothing and may be repeated; 120 s is Strands' own default read timeout."""


def build_model(settings: AgentSettings) -> Model:
    """Bedrock through Strands, or any other provider that Strands has.

    Raises:
        SettingsError: when the provider does not exist, is not installed, or refuses its options.
    """
    try:
        decoded: object = json.loads(settings.model_options)
    except ValueError:
        raise SettingsError("MODEL_OPTIONS: not JSON") from None
    if not isinstance(decoded, dict):
        raise SettingsError("MODEL_OPTIONS: not an object")
    options = cast(dict[str, Any], decoded)
    provider = _provider(settings.model_provider)
    if settings.model_provider == "bedrock":
        options = {"max_tokens": MAX_TOKENS, "boto_client_config": BEDROCK, **options}
    try:
        return provider(model_id=settings.model_id, **options)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"MODEL_OPTIONS: {error}") from None


def _provider(name: str) -> type[Any]:
    """The model class in `strands.models.<name>`."""
    try:
        module = importlib.import_module(f"strands.models.{name}")
    except ImportError as error:
        raise SettingsError(f"MODEL_PROVIDER: {name} is not available ({error})") from None
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, Model) and found.__module__ == module.__name__ and not inspect.isabstract(found):
            return found
    raise SettingsError(f"MODEL_PROVIDER: {name} has no model class")
