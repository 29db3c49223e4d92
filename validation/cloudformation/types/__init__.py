"""How each resource type is written in CloudFormation.

What is not renamed or moved here keeps its name, in CloudFormation's case. So an input that nobody
thought of is not lost: the linter refuses it as an unknown property. What is left out on purpose
stands in `LEFT_OUT`; `rendering.lost` finds anything else that is left out.
"""

from validation.cloudformation.types import (
    access,
    agentcore,
    data,
    functions,
    identity,
    image,
    network,
    observability,
    websocket,
)
from validation.cloudformation.types.writing import (
    LEFT_OUT,
    NO_EQUIVALENT,
    PARTS,
    PULUMI_ONLY,
    VERBATIM,
    WHOLES,
    Properties,
)

__all__ = [
    "LEFT_OUT",
    "NO_EQUIVALENT",
    "PARTS",
    "PULUMI_ONLY",
    "VERBATIM",
    "WHOLES",
    "Properties",
    "access",
    "agentcore",
    "data",
    "functions",
    "identity",
    "image",
    "network",
    "observability",
    "websocket",
]
