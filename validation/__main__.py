"""`python -m validation snapshot` rewrites the snapshots of all stacks; `python -m validation` checks them all."""

from __future__ import annotations

import argparse
import sys

from validation import proof, snapshot


def main() -> int:
    """Run one command; the exit code says whether anything was found."""
    parser = argparse.ArgumentParser(prog="validation", description=__doc__)
    parser.add_argument("command", choices=("check", "snapshot"), nargs="?", default="check")
    if parser.parse_args().command == "snapshot":
        sys.stdout.writelines(f"{path}\n" for path in snapshot.write())
        return 0
    found = [f"{stack}: {fault}" for stack in snapshot.STACKS for fault in proof.faults_of_stack(stack)]
    sys.stdout.writelines(f"{line}\n" for line in found or ["Nothing found."])
    return 1 if found else 0


sys.exit(main())
