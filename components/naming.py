"""Names that fit AWS's limits whatever the stack is called.

Pulumi adds a hyphen and seven characters to most logical names; where AWS forbids the hyphen, or
where something outside the program has to know a name beforehand, the name is given in full.
"""

import hashlib
import re

LONGEST_PREFIX = 22
"""Characters of `prefix`. With our longest suffix and Pulumi's eight characters every name stays below
the narrowest limits: 48 for a Gateway (service model), 64 for IAM roles and Lambda functions."""

HASH_CHARACTERS = 4


def prefix(project: str, stack: str) -> str:
    """`project-stack`, lower case, cut to LONGEST_PREFIX with a hash that keeps long names distinct.

    Args:
        project: the Pulumi project's name.
        stack: the stack's name; Pulumi allows 100 letters, digits, hyphens, underscores and periods.
    """
    whole = f"{project}-{stack}"
    readable = re.sub(r"[^a-z0-9]+", "-", whole.lower()).strip("-")
    if len(readable) <= LONGEST_PREFIX and readable == whole:
        return readable
    digest = hashlib.sha256(whole.encode()).hexdigest()[:HASH_CHARACTERS]
    return f"{readable[: LONGEST_PREFIX - HASH_CHARACTERS - 1].rstrip('-')}-{digest}"


def underscored(name: str) -> str:
    """The name where AgentCore forbids hyphens: runtimes and their endpoints."""
    return name.replace("-", "_")
