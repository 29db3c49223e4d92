"""What a handler's process is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.config import LocalConfig


def test_a_handlers_environment_has_no_secret_of_this_machine(tmp_path: Path) -> None:
    from local.parts.functions.environment import function_environment
    from local.parts.functions.table import FUNCTIONS

    config = LocalConfig(state=tmp_path, overrides={"mcp-proxy": {"LOG_LEVEL": "DEBUG"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SESSION_TOKEN", "secret")
        patch.setenv("GITHUB_TOKEN", "secret")
        patch.setenv("HTTPS_PROXY", "http://proxy")
        for function in FUNCTIONS:
            environment = function_environment(config, function, "127.0.0.1:1", "stream")
            assert not {"AWS_SESSION_TOKEN", "GITHUB_TOKEN", "HTTPS_PROXY", "DESKSIDE_LOCAL"} & set(environment)
            assert environment["_HANDLER"] == function.handler
            assert environment["LOG_LEVEL"]
            assert "DESKSIDE_DURABLE_POLL_SECONDS" not in environment
            assert environment["LOG_LEVEL"] == ("DEBUG" if function.durable else "INFO")
