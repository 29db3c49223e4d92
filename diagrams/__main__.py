"""`make diagrams`: the pictures of `docs/diagrams/`, from the recorded graph and a recorded demo.

`--check` only tells whether the texts they are drawn from are those of the present program.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path

from diagrams import architecture, flows, trace
from diagrams.drawing import digest, png, source_of
from diagrams.layout import picture
from local.config import LocalConfig
from validation.recording import record_stack

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "diagrams"
RECORDING = FOLDER / "flows.json"
PAGE = ROOT / "docs" / "architecture.md"
STACKS = ("dev", "prod")
PORT = 9_700
"""Base port of the stack that is recorded, away from one that may be running."""


def sources() -> dict[str, str]:
    """The SVG of each picture, by its name."""
    graphs = {f"architecture-{stack}": picture(architecture.architecture(record_stack(stack))) for stack in STACKS}
    recordings = {f"flow-{recording.name}": flows.flow(recording) for recording in trace.read(RECORDING)}
    return {**graphs, **recordings}


def page() -> str:
    """`docs/architecture.md` with the tables of the present program."""
    text = PAGE.read_text(encoding="utf-8")
    for stack in STACKS:
        drawn = architecture.architecture(record_stack(stack))
        tables = f"{architecture.table(drawn)}\n{architecture.holdings(drawn)}"
        begin, end = f"<!-- arrows of {stack} -->\n", f"<!-- end of {stack} -->"
        text = re.sub(f"{begin}.*?{end}", lambda _, t=tables, b=begin, e=end: f"{b}\n{t}\n{e}", text, flags=re.DOTALL)
    return text


def stale() -> list[str]:
    """What has to be made anew."""
    found = [
        f"docs/diagrams/{name}.png"
        for name, source in sources().items()
        if not (FOLDER / f"{name}.png").is_file() or source_of((FOLDER / f"{name}.png").read_bytes()) != digest(source)
    ]
    return found if PAGE.read_text(encoding="utf-8") == page() else [*found, "docs/architecture.md"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make diagrams", description="The pictures of docs/diagrams.")
    parser.add_argument("--check", action="store_true", help="only tell what is not current")
    parser.add_argument("--keep-recording", action="store_true", help="draw the demo that was recorded last")
    arguments = parser.parse_args()
    if arguments.check:
        old = stale()
        for path in old:
            print(f"{path} is not current: run `make diagrams`", file=sys.stderr)
        return 1 if old else 0
    if not arguments.keep_recording:
        config = LocalConfig(state=ROOT / ".local" / "diagrams", base_port=PORT)
        trace.write(asyncio.run(trace.record_demo(config)), RECORDING)
    for name, source in sources().items():
        (FOLDER / f"{name}.png").write_bytes(png(source, source))
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {len(sources())} pictures to {FOLDER.relative_to(ROOT)} and the tables of {PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
