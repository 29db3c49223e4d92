"""What AWS answers after creating each kind of resource.

Each entry gives the id and the computed outputs as the provider returns them, in AWS's own formats;
inputs come back as outputs too. No two resources get the same id or made-up name, so that one taken
for the other is seen. A type that is not here is an error, never a guess. To add one: a function of
`Created`, registered with `@answers("type:token")`, that returns (id, computed outputs).
"""

from validation.faithful import (
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
from validation.faithful.created import (
    ACCOUNT,
    Created,
    UnknownTypeError,
    echoed,
    known_types,
    outputs,
    physical,
)
from validation.faithful.lookups import answer

__all__ = [
    "ACCOUNT",
    "Created",
    "UnknownTypeError",
    "access",
    "agentcore",
    "answer",
    "data",
    "echoed",
    "functions",
    "identity",
    "image",
    "known_types",
    "network",
    "observability",
    "outputs",
    "physical",
    "websocket",
]
