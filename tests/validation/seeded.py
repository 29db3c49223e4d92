"""Finds out which layer catches each seeded fault, and writes the table in docs/validation.md.

`python -m tests.validation.seeded --write` after a change of seeds or layers.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import components
from tests.validation.rule_cases import program
from tests.validation.seeds import REGION, SEEDS, SOURCE_SEEDS, TYPE_SEEDS, Seed, SourceSeed
from tests.validation.seeds_between import BETWEEN
from validation import iam, rules, sdk_types, service_models
from validation.cloudformation.linting import lint_rendered
from validation.cloudformation.rendering import Rendered, RenderingError, render
from validation.findings import Finding
from validation.graph import Graph, Resource
from validation.recording import ROOT, faults, record_stack

DOCUMENT = ROOT / "docs" / "validation.md"
BEGIN, END = "<!-- seeds: begin -->", "<!-- seeds: end -->"

GRAPH_SEEDS = (*SEEDS, *BETWEEN)

Caught = dict[str, list[str]]
"""By fault: what caught it."""


@cache
def _rendered() -> dict[str, Rendered]:
    return render(program())


def _changed(graph: Graph) -> list[Resource]:
    before = {resource.urn: resource for resource in program()}
    return [resource for resource in graph if before.get(resource.urn) is not resource]


def _template_parts(graph: Graph) -> dict[str, Rendered]:
    """What the change made different in the template; nothing when it cannot be rendered any more."""
    try:
        rendered = render(graph)
    except (RenderingError, KeyError, TypeError, ValueError):
        return {}
    before = _rendered()
    return {key: one for key, one in rendered.items() if key not in before or before[key].properties != one.properties}


def _cheap(seed: Seed) -> tuple[list[str], dict[str, Rendered]]:
    """What all layers but cfn-lint say, and what cfn-lint has to look at."""
    graph = seed.change(program())
    caught = [f"rule {name}" for name in sorted({finding.rule for finding in rules.check(graph)})]
    caught += ["SDK types" for resource in _changed(graph)[:1] if sdk_types.check_resource(resource)]
    parts = _template_parts(graph)
    by_model = {f.rule for one in parts.values() for f in service_models.check_rendered(one)}
    by_model -= {f.rule for key in parts if key in _rendered() for f in service_models.check_rendered(_rendered()[key])}
    caught += [f"service model {rule}" for rule in sorted(by_model)]
    changed = {resource.urn for resource in _changed(graph)}
    by_iam = {f.rule for resource in _changed(graph) for f in iam.check_resource(resource)}
    by_iam -= {f.rule for resource in program() if resource.urn in changed for f in iam.check_resource(resource)}
    caught += [f"parliament {rule}" for rule in sorted(by_iam)]
    return caught, parts


def catch_in_graph() -> Caught:
    """Every seed of the graph; cfn-lint, by far the slowest, sees only what no other layer caught, all at once."""
    caught: Caught = {}
    whole: dict[str, Rendered] = {}
    for number, seed in enumerate(GRAPH_SEEDS):
        caught[seed.fault], parts = _cheap(seed)
        for key, one in parts.items() if not caught[seed.fault] else ():
            marked = replace(one.resource, name=f"{one.resource.name}#{number}")
            whole[f"{key}Seed{number}"] = replace(one, resource=marked)
            if key in _rendered():
                whole[key] = _rendered()[key]
    found = lint_rendered(whole, REGION)
    accepted = {(f.resource, f.rule) for f in found if "#" not in f.resource}
    for number, seed in enumerate(GRAPH_SEEDS):
        caught[seed.fault] += sorted({f"cfn-lint {f.rule}" for f in found if _new(f, number, accepted)})
    return caught


def _new(finding: Finding, number: int, accepted: set[tuple[str, str]]) -> bool:
    name, _, seed = finding.resource.partition("#")
    return seed == str(number) and (name, finding.rule) not in accepted


def catch_in_run(seed: SourceSeed) -> list[str]:
    """The seed's program run and recorded."""
    with _edited(seed):
        try:
            complaints = faults(record_stack("dev"))
        except Exception as error:
            return ["run"] if seed.caught in _whole(error) else []
    return ["recording"] if any(seed.caught in complaint for complaint in complaints) else []


def _whole(error: BaseException | None) -> str:
    texts: list[str] = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@contextlib.contextmanager
def _edited(seed: SourceSeed) -> Iterator[None]:
    """The module with the fault in it, in place of the good one."""
    good = importlib.import_module(seed.module)
    source = Path(str(good.__file__)).read_text()
    if source.count(seed.old) != 1:
        raise LookupError(f"{seed.module} does not have {seed.old!r} once")
    name = seed.module.rpartition(".")[2]
    bad = importlib.util.module_from_spec(importlib.util.spec_from_loader(seed.module, None))  # type: ignore[arg-type]
    bad.__file__ = good.__file__
    exec(compile(source.replace(seed.old, seed.new), str(good.__file__), "exec"), bad.__dict__)
    sys.modules[seed.module] = bad
    setattr(components, name, bad)
    try:
        yield
    finally:
        sys.modules[seed.module] = good
        setattr(components, name, good)


PRELUDE = """import pulumi_aws as aws
from components.tables import Tables
from services.contract.settings import McpProxySettings
topic = aws.sns.Topic("t")
"""


def catch_by_types() -> Caught:
    """One file with all the type seeds, through pyright."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "seeded.py"
        file.write_text(PRELUDE + "\n".join(seed.line for seed in TYPE_SEEDS) + "\n")
        configuration = Path(folder) / "pyrightconfig.json"
        strict = {"include": ["seeded.py"], "extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
        python = {"venvPath": str(ROOT), "venv": ".venv", "pythonVersion": "3.11"}
        configuration.write_text(json.dumps({**strict, **python, "reportMissingTypeStubs": False}))
        command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(configuration)]
        output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout
    found = [
        (int(d["range"]["start"]["line"]), int(d["range"]["end"]["line"]), str(d.get("rule")))
        for d in json.loads(output)["generalDiagnostics"]
    ]
    first = PRELUDE.count("\n")
    return {
        seed.fault: [
            f"pyright {rule}" for start, end, rule in found if start <= first + n <= end and rule == seed.rule
        ][:1]
        for n, seed in enumerate(TYPE_SEEDS)
    }


def catch_all() -> Caught:
    """Every seed with what caught it."""
    return {**catch_in_graph(), **{seed.fault: catch_in_run(seed) for seed in SOURCE_SEEDS}, **catch_by_types()}


def table(caught: Caught) -> str:
    """The table of docs/validation.md."""
    rows = [f"| {n} | {fault} | {', '.join(by)} |" for n, (fault, by) in enumerate(caught.items(), 1)]
    return "\n".join(["| # | fault | caught by |", "| --- | --- | --- |", *rows])


def rule_table() -> str:
    """Our own rules."""
    rows = [
        f"| `{module.__name__.rpartition('.')[2]}` | {rules.rule_name(rule)} | {rules.described(rule)} |"
        for module in rules.MODULES
        for rule in module.RULES
    ]
    return "\n".join(["| file | rule | what holds |", "| --- | --- | --- |", *rows])


def written(document: str, caught: Caught) -> str:
    """The document with both tables brought up to date."""
    for begin, end, text in (
        (BEGIN, END, table(caught)),
        ("<!-- rules: begin -->", "<!-- rules: end -->", rule_table()),
    ):
        head, _, rest = document.partition(begin)
        document = f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring docs/validation.md up to date")
    if parser.parse_args().write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(), catch_all()))
    else:
        sys.stdout.write(table(catch_all()) + "\n")


if __name__ == "__main__":
    main()
