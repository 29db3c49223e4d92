"""The generated files, and that their staleness is noticed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from services.contract import generate
from services.contract.errors import ErrorCode
from services.contract.tools import REGISTRY


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("generated")
    generate.write(root)
    return root


@pytest.fixture
def copy(fresh: Path, tmp_path: Path) -> Path:
    """A freshly written tree, to spoil."""
    for name in generate.outputs():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((fresh / name).read_bytes())
    assert generate.stale(tmp_path) == []
    return tmp_path


def test_the_generated_files_are_up_to_date() -> None:
    assert generate.stale() == []


def test_generating_twice_gives_the_same() -> None:
    assert generate.outputs() == generate.outputs()


def test_nothing_written_means_everything_is_missing(tmp_path: Path) -> None:
    assert generate.stale(tmp_path) == sorted(generate.outputs())


@pytest.mark.parametrize(
    "name",
    [
        "protocol/v1.schema.json",
        "protocol/gateway-tools.json",
        "docs/protocol.md",
        "protocol/fixtures/client/chat.json",
    ],
)
def test_a_changed_and_a_missing_file_are_noticed(copy: Path, name: str) -> None:
    path = copy / name
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert generate.stale(copy) == [name]
    path.unlink()
    assert generate.stale(copy) == [name]
    generate.write(copy)
    assert generate.stale(copy) == []


@pytest.mark.parametrize("name", ["protocol/fixtures/server/old.json", "protocol/v0.schema.json"])
def test_a_left_over_file_is_noticed_and_removed(copy: Path, name: str) -> None:
    (copy / name).write_text("{}", "utf-8")
    assert generate.stale(copy) == [name]
    generate.write(copy)
    assert not (copy / name).exists()
    assert generate.stale(copy) == []


def test_files_of_others_are_left_alone(copy: Path) -> None:
    for name in ("docs/other.md", "protocol/README.md"):
        (copy / name).write_text("mine", "utf-8")
    generate.write(copy)
    assert (copy / "docs/other.md").exists()
    assert (copy / "protocol/README.md").exists()
    assert generate.stale(copy) == []


@pytest.mark.parametrize(("wrong", "status"), [([], 0), (["docs/protocol.md"], 1)])
def test_check_writes_nothing_and_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: list[str], status: int
) -> None:
    written: list[bool] = []
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    monkeypatch.setattr(generate, "stale", lambda: wrong)
    monkeypatch.setattr(generate, "write", lambda: written.append(True))
    assert generate.main() == status
    assert written == []
    assert capsys.readouterr().err == "".join(f"not up to date: {name}\n" for name in wrong)
    monkeypatch.setattr(sys, "argv", ["generate"])
    assert generate.main() == 0
    assert written == [True]


def test_the_gateway_gets_every_tool() -> None:
    tools = json.loads(generate.outputs()["protocol/gateway-tools.json"])
    assert tools == [tool.gateway_schema() for tool in REGISTRY.tools]


def test_the_document_mentions_every_error_tool_and_limit() -> None:
    text = generate.markdown()
    words = [f"`{code.value}`" for code in ErrorCode] + [f"`{tool.name}`" for tool in REGISTRY.tools]
    words += ["131,072 bytes", "32,768 bytes", "28,672 bytes", "8,000 characters"]
    assert [word for word in words if word not in text] == []
