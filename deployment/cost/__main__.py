"""`python -m deployment.cost`: is docs/cost.md up to date? With `--write`: bring it up to date."""

import sys

from deployment.cost.document import DOCUMENT, current


def main() -> int:
    """Run from a command line: with `--write` bring the document up to date, without it only say whether it is."""
    text = current()
    if "--write" in sys.argv[1:]:
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    if text != DOCUMENT.read_text(encoding="utf-8"):
        sys.stderr.write("docs/cost.md is stale; run python -m deployment.cost --write\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
