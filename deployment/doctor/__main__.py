"""`make doctor STACK=…`: run every check; exit 1 if `make up` or a conversation would fail, else 0."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from deployment.doctor import CHECKS
from deployment.doctor.finding import Finding, State
from deployment.doctor.situation import Check, Situation
from deployment.pulumi_cli import ROOT, PulumiCli
from deployment.stack_file import StackError, chosen_stack, settings_of, short

MARKS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✗", State.UNKNOWN: "?"}

PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2, "mode": "standard"})
"""Seconds. A Region without a service is found out by there being no answer."""


def clients(region: str) -> Callable[[str], Any]:
    """A function that makes a boto3 client for each service once."""
    # Its stubs know only the services they were installed for.
    session: Any = boto3.Session(region_name=region)

    @cache
    def client(service: str) -> Any:
        return session.client(service, config=PATIENCE)

    return client


def situation_of(stack: str) -> Situation:
    """All that the checks start from.

    Raises:
        StackError: the stack's settings cannot be used.
    """
    settings = settings_of(stack, ROOT)
    cli, problem, outputs = None, "", None
    try:
        cli = PulumiCli(os.environ)
        cli.check_stack(stack)
        outputs = cli.outputs(stack)
    except StackError as error:
        problem = str(error)
    return Situation(short(stack), settings, clients(settings.region), cli, problem, outputs or {})


def examine(situation: Situation, checks: Iterable[Check] = CHECKS) -> Iterable[Finding]:
    """The findings, as they come."""
    for check in checks:
        found = check(situation)
        yield from [found] if isinstance(found, Finding) else found


def line(finding: Finding) -> str:
    """A finding as it is shown."""
    shown = f"{MARKS[finding.state]} {finding.subject:<24}  {finding.said}"
    remedy = "\n".join(
        f"{'':27}{'→' if not place else ' '} {each}" for place, each in enumerate(finding.remedy.split("\n"))
    )
    return f"{shown}\n{remedy}" if finding.remedy else shown


def report(findings: Iterable[Finding], write: Callable[[str], object]) -> int:
    """Show the findings and what they come to; returns the exit status."""
    count = dict.fromkeys(State, 0)
    for finding in findings:
        count[finding.state] += 1
        write(line(finding) + "\n")
    said = ", ".join(f"{number} {state.value}" for state, number in count.items() if number)
    write(f"{said}\n")
    return 1 if count[State.FAIL] else 0


def main() -> int:
    """Run from a command line; STACK comes from the environment."""
    try:
        situation = situation_of(chosen_stack(os.environ.get("STACK"), "doctor", ROOT))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return report(examine(situation), sys.stdout.write)


if __name__ == "__main__":
    sys.exit(main())
