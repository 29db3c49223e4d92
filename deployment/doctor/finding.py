"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """It works, or will; but look at it."""
    FAIL = "fail"
    """`make up` or the first conversation would fail on it."""
    UNKNOWN = "unknown"
    """It could not be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    subject: str
    state: State
    said: str
    """What is the case."""
    remedy: str = ""
    """What to do about it; empty if it is fine."""


def ok(subject: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, State.OK, said)


def warn(subject: str, said: str, remedy: str) -> Finding:
    """It works, but."""
    return Finding(subject, State.WARN, said, remedy)


def fail(subject: str, said: str, remedy: str) -> Finding:
    """It will not work."""
    return Finding(subject, State.FAIL, said, remedy)


def unknown(subject: str, said: str, remedy: str) -> Finding:
    """It could not be asked."""
    return Finding(subject, State.UNKNOWN, said, remedy)
