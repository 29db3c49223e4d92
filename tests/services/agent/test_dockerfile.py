"""The image keeps AgentCore Runtime's contract (aws-facts 4.4) and agrees with the project."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINES = (ROOT / "services/agent/Dockerfile").read_text().replace("\\\n", " ").splitlines()
INSTRUCTIONS = [(word, rest.strip()) for line in LINES for word, _, rest in [line.partition(" ")] if word.isupper()]


def all_of(word: str) -> list[str]:
    """The arguments of every instruction of a kind, in order."""
    return [rest for found, rest in INSTRUCTIONS if found == word]


def final_stage() -> list[tuple[str, str]]:
    last = max(index for index, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM")
    return INSTRUCTIONS[last:]


def test_every_stage_is_arm64_of_the_same_image() -> None:
    stages = all_of("FROM")
    assert len(stages) == 2
    assert all(stage.startswith("--platform=linux/arm64 ") for stage in stages)
    assert len({stage.split()[1] for stage in stages}) == 1, "an environment is copied between different Pythons"


def test_its_python_is_one_the_project_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = tuple(int(part) for part in re.findall(r"\d+", project["requires-python"]))
    used = re.search(r"python:(\d+)\.(\d+)", all_of("FROM")[-1])
    assert used
    assert (int(used[1]), int(used[2])) >= lowest


def test_the_user_is_a_number_and_not_root() -> None:
    [user] = [rest for word, rest in final_stage() if word == "USER"]
    assert user.isdecimal()
    assert int(user) > 0
    words = [word for word, _ in final_stage()]
    assert not {"RUN", "COPY"} & set(words[words.index("USER") :])


def test_it_serves_port_8080_on_all_interfaces() -> None:
    assert all_of("EXPOSE") == ["8080"]
    assert any("DOCKER_CONTAINER=1" in line for line in all_of("ENV"))
    assert not any(re.search(r"\b(PORT|HOST)=", line) for line in all_of("ENV"))


def test_it_starts_the_agent_under_opentelemetry() -> None:
    [command] = all_of("CMD")
    assert json.loads(command) == ["opentelemetry-instrument", "python", "-m", "services.agent.app"]
    assert find_spec("services.agent.app")
    # The command comes with what the agent group asks for.
    scripts = distribution("opentelemetry-instrumentation").entry_points.select(group="console_scripts")
    assert "opentelemetry-instrument" in {script.name for script in scripts}
    assert any("/app/.venv/bin:" in line for line in all_of("ENV"))


def test_it_installs_the_agents_dependencies_and_no_others() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    [install, more] = all_of("RUN")
    assert install.startswith("uv sync ")
    assert "--frozen" in install
    assert "--no-default-groups" in install
    wanted = re.findall(r"--group (\S+)", install)
    assert wanted == ["agent"]
    assert set(wanted) <= groups.keys()
    assert any(requirement.startswith("aws-opentelemetry-distro") for requirement in groups["agent"])
    # Nothing more, unless somebody builds it for another provider.
    assert all_of("ARG") == ['MODEL_PACKAGES=""']
    assert more.startswith('if [ -n "$MODEL_PACKAGES" ]; then uv pip install --python .venv/bin/python $MODEL_PACKAGES')


def test_what_it_copies_exists() -> None:
    for line in all_of("COPY"):
        if not line.startswith("--from="):
            *sources, _ = line.split()
            assert all((ROOT / source).exists() for source in sources), line


def test_uv_is_the_one_the_makefile_uses() -> None:
    [copied] = re.findall(r"astral-sh/uv:(\S+)", "\n".join(all_of("COPY")))
    assert f"UV_VERSION := {copied}" in (ROOT / "Makefile").read_text()


def test_no_secret_is_in_it() -> None:
    assert not re.search(r"(secret|password|token|api_key)\s*=", "\n".join(LINES), re.IGNORECASE)
