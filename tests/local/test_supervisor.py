"""What the supervisor decides without starting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.config import LocalConfig
from local.supervisor import StackError, Supervisor, _parse, _sentence


def _environment(monkeypatch: pytest.MonkeyPatch, part: str, model: str = "offline") -> dict[str, str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-persons-own")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    monkeypatch.delenv("MODEL_ID", raising=False)
    monkeypatch.delenv("MODEL_OPTIONS", raising=False)
    return Supervisor(LocalConfig(state=Path("x"), model=model))._environment(part)


def test_nothing_of_the_persons_own_aws_set_up_reaches_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("aws", "functions", "agent"):
        environment = _environment(monkeypatch, part)
        assert environment["AWS_ACCESS_KEY_ID"] in ("local", "local-agent")
        assert "AWS_PROFILE" not in environment
        assert "SECRET_OF_MINE" not in environment


def test_the_agent_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DESKSIDE_MACHINE_SECRET" in _environment(monkeypatch, "aws")
    assert "DESKSIDE_MACHINE_SECRET" not in _environment(monkeypatch, "agent")


def test_bedrock_uses_the_persons_credentials_for_the_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = _environment(monkeypatch, "agent", "bedrock")
    assert environment["AWS_ACCESS_KEY_ID"] == "a-persons-own"
    assert environment["AWS_PROFILE"] == "work"
    assert "AWS_ENDPOINT_URL_BEDROCK_RUNTIME" not in environment
    assert environment["AWS_ENDPOINT_URL_DYNAMODB"].startswith("http://127.0.0.1:")
    assert _environment(monkeypatch, "functions", "bedrock")["AWS_ACCESS_KEY_ID"] == "local"


def test_ollama_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = _environment(monkeypatch, "agent", "ollama")
    assert environment["MODEL_PROVIDER"] == "ollama"
    assert "127.0.0.1:11434" in environment["MODEL_OPTIONS"]


def test_an_unknown_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    with pytest.raises(StackError, match="MODEL=abacus is not one of offline, bedrock, ollama"):
        Supervisor(LocalConfig(state=Path("x"), model="abacus"))._check_model()


def test_bedrock_without_credentials_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StackError, match=r"^MODEL=bedrock needs AWS credentials"):
        Supervisor(LocalConfig(state=tmp_path, model="bedrock"))._check_model()


def test_ollama_that_is_not_running_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    with pytest.raises(StackError, match=r"^MODEL=ollama needs Ollama at http://127.0.0.1:9; nothing answers there$"):
        Supervisor(LocalConfig(state=tmp_path, model="ollama"))._check_model()


def test_log_lines_that_are_not_json_objects_are_left_alone() -> None:
    assert _parse("plain text") is None
    assert _parse("{broken") is None
    assert _parse('{"event": "x"}') == {"event": "x"}


def test_a_failure_is_told_in_one_line() -> None:
    assert _sentence({"event": "crashed", "exception": "Traceback …\nValueError: no"}) == "crashed ValueError: no"
    assert _sentence({"event": "crashed", "reason": "no disk"}) == "crashed no disk"
