"""What holds for all rules together."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.validation.example import example
from validation.recording import record_stack
from validation.rules import MODULES, RULES, check, described
from validation.rules.rule import registry


def test_the_good_example_breaks_no_rule() -> None:
    assert check(example()) == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("name", [None, "a-colleague's-very-long-stack-name." * 3])
def test_the_program_breaks_no_rule_whatever_the_stack_is_called(stack: str, name: str | None) -> None:
    assert [str(finding) for finding in check(record_stack(stack, name=name))] == []


def test_every_rule_has_a_case_that_sets_it_off() -> None:
    files = sorted(Path(__file__).parent.glob("test_rules_*.py"))
    cases = {rule.split(" & ")[0] for file in files for rule, _ in import_module(f"tests.validation.{file.stem}").CASES}
    assert cases == set(RULES)


def test_every_module_has_its_test_file() -> None:
    subjects = {module.__name__.rpartition(".")[2].rstrip("_") for module in MODULES}
    assert {file.stem.removeprefix("test_rules_") for file in Path(__file__).parent.glob("test_rules_*.py")} == subjects


def test_every_rule_says_in_a_sentence_what_holds() -> None:
    for name, rule in RULES.items():
        assert described(rule).endswith((".", ")")), name


def test_two_rules_of_one_name_are_refused() -> None:
    rule = next(iter(RULES.values()))
    with pytest.raises(ValueError, match="two rules"):
        registry([rule, rule])
