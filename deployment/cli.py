"""`make preview`, `make up`, `make destroy`: the Pulumi CLI with what has to be right before it starts.

STACK, ARGS, CONFIRM and PROJECT come from the environment, so that no shell reads them.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from components.settings import AgentNetwork, Settings
from deployment.pulumi_cli import ROOT, PulumiCli
from deployment.stack_file import StackError, chosen_stack, settings_of, short

COMMANDS = ("preview", "up", "destroy")
PROJECTS = ("", "bootstrap")
"""Folders with a Pulumi program; the first one is this repository's own."""

PROTECTED = """{stack} is protected (deskside:protect is true): its tables, user pool, bucket and image repository
hold what cannot be made again. To remove it for good:
  1. pulumi config set deskside:protect false --stack {stack}
  2. make up STACK={stack}        lifts the protection in AWS and in Pulumi, and removes nothing
  3. make destroy STACK={stack}"""

INTERFACES = """Note: the agent of {stack} runs in a VPC. AWS keeps its network interfaces for up to 8 hours after the
runtime is gone; until then its subnets and security group cannot be deleted. This run removes everything else
and ends with a DependencyViolation or a time-out for those. `make doctor STACK={stack}` shows the interfaces, which
nobody can detach by hand; when they are gone, the same command removes the rest."""


OURS = re.compile(r"--(stack|cwd)(=.*)?|-[dfjreyQ]*[sC].*|--", re.DOTALL)
"""Arguments that would send the command elsewhere than where everything was checked: another stack or folder,
also at the end of a group of letters (`-ys`); and `--`, after which ours would not be read."""


def arguments_of(text: str) -> list[str]:
    """What a person gave as ARGS, as the CLI takes it.

    Raises:
        StackError: it has an open quote, or names a stack or a folder.
    """
    try:
        arguments = shlex.split(text)
    except ValueError as error:
        raise StackError(f"ARGS cannot be taken apart: {error}") from None
    elsewhere = next((argument for argument in arguments if OURS.fullmatch(argument)), None)
    if elsewhere is not None:
        raise StackError(f"ARGS may not contain {elsewhere}: the stack is chosen with STACK, the program with PROJECT")
    return arguments


def build_packages(settings: Settings) -> None:
    """Build the packages unless they are there and fresh.

    Raises:
        StackError: building failed.
    """
    # Not needed for what comes before, and slow.
    from deployment.artifacts import Artifacts

    try:
        Artifacts.verified(settings.dist_folder)
    except pulumi.RunError as stale:
        sys.stdout.write(f"{stale} Building them ...\n")
        sys.stdout.flush()
        # `python -m deployment.build` in our own interpreter; nothing of it comes from outside.
        if subprocess.run([sys.executable, "-m", "deployment.build"], cwd=ROOT, check=False).returncode:
            raise StackError("The packages could not be built; see above") from None
        try:
            Artifacts.verified(settings.dist_folder)
        except pulumi.RunError as error:
            # `make build` writes to dist/; another deskside:distFolder is filled by whoever set it.
            raise StackError(f"After building: {error}") from None


def check_destroy(stack: str, settings: Settings, confirmed: str | None, interactive: bool) -> list[str]:
    """Whether this stack may be destroyed; returns the arguments that follow from the answer.

    Raises:
        StackError: it is protected, or nobody is there to confirm.
    """
    if settings.protect:
        raise StackError(PROTECTED.format(stack=stack))
    further: list[str] = []
    if settings.agent_network is AgentNetwork.VPC:
        sys.stdout.write(INTERFACES.format(stack=stack) + "\n")
        further = ["--continue-on-error"]
    if confirmed is not None and confirmed != short(stack):
        raise StackError(
            f"CONFIRM={confirmed} is not the stack's name; make destroy STACK={stack} CONFIRM={short(stack)}"
        )
    if confirmed:
        return ["--yes", *further]
    if not interactive:
        raise StackError(
            f"Nobody is here to confirm; make destroy STACK={stack} CONFIRM={short(stack)} removes it without asking"
        )
    # Pulumi shows what would go, and asks.
    return further


def run(command: str, given: Mapping[str, str], interactive: bool, root: Path = ROOT) -> None:
    """Check everything, then become the CLI.

    Args:
        command: one of COMMANDS.
        given: the environment.
        interactive: whether a person can be asked.
        root: the repository.

    Raises:
        StackError: something has to be done first.
    """
    project = given.get("PROJECT", "")
    if project not in PROJECTS:
        raise StackError(f"PROJECT={project} is no Pulumi program here; leave it out, or PROJECT=bootstrap")
    folder = root / project
    stack = chosen_stack(given.get("STACK"), command, folder)
    further = arguments_of(given.get("ARGS", ""))
    settings = None if project else settings_of(stack, folder)
    if command == "destroy":
        if settings is None:
            # Without its roles and its bucket, nothing else can be deployed or even removed any more.
            sys.stdout.write("Note: everything that uses the roles and the state bucket has to be removed before.\n")
        else:
            further = [*check_destroy(stack, settings, given.get("CONFIRM") or None, interactive), *further]
    cli = PulumiCli(given, folder)
    cli.check_stack(stack)
    if settings is not None and command != "destroy":
        build_packages(settings)
    sys.stdout.flush()
    cli.become(command, "--stack", stack, *further)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a command line."""
    parser = argparse.ArgumentParser(prog="python -m deployment.cli", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args(arguments).command
    try:
        run(command, os.environ, sys.stdin.isatty() and sys.stdout.isatty())
    except StackError as error:
        sys.stderr.write(f"{error}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
