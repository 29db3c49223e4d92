"""The registry of answers, and what an answer has to go by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

ACCOUNT: Final = "123456789012"

NOT_ECHOED: Final = frozenset({"awsx:ec2:Vpc"})
"""Packaged components: their inputs are no outputs, and some share a name with an output of another shape."""

DOCUMENTS: Final = frozenset({"assumeRolePolicy", "policy"})
"""Inputs that may be given as objects and come back as JSON text."""


class UnknownTypeError(LookupError):
    """Nobody has written down what AWS answers for this type."""


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that AWS has just made."""

    type: str
    """Type token."""
    logical: str
    """Logical name."""
    inputs: Mapping[str, Any]
    region: str

    def name(self, key: str = "name") -> str:
        """The physical name: as given, or as auto-naming makes it."""
        return cast(str, self.inputs.get(key) or physical(self.type, self.logical))

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the stack's Region and account."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"

    def mark(self, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        """Characters that look random, always the same for one resource, and others for one of another type."""
        return _mark(self.type, self.logical, length, alphabet)

    def hexadecimal(self, length: int = 17) -> str:
        """As in `vpc-0a1b…`."""
        return "0" + self.mark(length - 1, "0123456789abcdef")

    def uuid(self) -> str:
        """In UUID form."""
        text = self.mark(32, "0123456789abcdef")
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def physical(type: str, logical: str) -> str:
    """The name that Pulumi makes up: its seven digits are random, so resources of one logical name differ."""
    return f"{logical}-{_mark(type, logical, 7, '0123456789abcdef')}"


def _mark(type: str, logical: str, length: int, alphabet: str) -> str:
    digest = hashlib.sha256(f"{type} {logical}".encode()).digest()
    return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])


Outputs = dict[str, Any]
Answer = Callable[[Created], tuple[str, Outputs]]

_ANSWERS: Final[dict[str, Answer]] = {}


def outputs(type: str, logical: str, inputs: Mapping[str, Any], region: str) -> tuple[str, Outputs]:
    """The id and all outputs of a new resource.

    Args:
        type: type token.
        logical: logical name.
        inputs: as recorded.
        region: of the stack.

    Raises:
        UnknownTypeError: the type is not listed here.
    """
    answer = _ANSWERS.get(type)
    if answer is None:
        raise UnknownTypeError(f"{type} ({logical}): add what AWS returns for it to validation/faithful")
    identifier, computed = answer(Created(type, logical, inputs, region))
    if type in NOT_ECHOED:
        return identifier, computed
    common = {"region": region, "tagsAll": inputs.get("tags", {})} if type.startswith("aws:") else {}
    return identifier, {**common, **echoed(inputs), **computed}


def echoed(inputs: Mapping[str, Any]) -> Outputs:
    """The inputs in the form in which they come back."""
    return {
        key: json.dumps(value) if key in DOCUMENTS and isinstance(value, dict) else value
        for key, value in inputs.items()
        if not _is_package(value)
    }


def known_types() -> Mapping[str, Answer]:
    """The types with an entry."""
    return _ANSWERS


def answers(*types: str) -> Callable[[Answer], Answer]:
    """Register what AWS answers for these types."""

    def add(answer: Answer) -> Answer:
        _ANSWERS.update(dict.fromkeys(types, answer))
        return answer

    return add


def _is_package(value: Any) -> bool:
    return isinstance(value, dict) and set(cast(dict[str, Any], value)) in ({"archive"}, {"asset"})
