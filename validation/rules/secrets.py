"""Secrets: encrypted in Pulumi's state, fetched by name at run time, never in an environment or an export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from validation.graph import Graph, Resource
from validation.rules.reading import FUNCTION, RUNTIME, SECRET, at, identifier, listed, mapping, texts, told
from validation.rules.rule import Problems

SECRET_WORD = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE_KEY|API_KEY|CREDENTIAL", re.IGNORECASE)
REFERENCE_NAME = re.compile(r"(_ID|_ARN|_URL|_NAME|_SECONDS|_ENDPOINT)$", re.IGNORECASE)
"""Such a variable says where to fetch a secret, or how to get a token; it is none."""

SECRET_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|eyJ[\w-]+\.[\w-]+\.[\w-]+|gh[pousr]_\w{36}"
    r"|(?<=:)[^:/@\s]+(?=@)"
)
"""Access key, private key, token, password in a URL."""

WRITTEN_SECRET = re.compile(SECRET_VALUE.pattern.rpartition("|")[0])
"""The same, but for passwords in URLs: templates of all kinds look like those."""

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"

SECRET_INPUTS: Mapping[str, tuple[str, ...]] = {
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary"),
    "aws:elasticache/user:User": ("passwords", "authenticationMode"),
    "aws:ssm/parameter:Parameter": ("value",),
}
"""Inputs that must be marked secret, or Pulumi's state and its diffs show them in plain."""


def _environments(graph: Graph) -> Iterator[tuple[Resource, str, str]]:
    for function in graph.of_type(FUNCTION):
        for name, value in mapping(at(function, "environment.variables")).items():
            yield function, name, str(value)
    for runtime in graph.of_type(RUNTIME):
        for name, value in mapping(runtime.inputs.get("environmentVariables")).items():
            yield runtime, name, str(value)
    for project in graph.of_type("aws:codebuild/project:Project"):
        for variable in listed(at(project, "environment.environmentVariables")):
            if variable.get("type", "PLAINTEXT") == "PLAINTEXT":
                yield project, str(variable.get("name")), str(variable.get("value"))


def _secret_values(graph: Graph) -> set[str]:
    """Values that AWS made and that are secret."""
    keys = ("clientSecret",)
    made = {str(r.outputs.get(key)) for r in graph for key in keys if r.outputs.get(key)}
    given = {
        str(r.inputs.get(key)) for t, inputs in SECRET_INPUTS.items() for r in graph.of_type(t) for key in inputs
    } - {"None"}
    return {value for value in made | given if len(value) >= 8}


def secret_in_environment(graph: Graph) -> Problems:
    """No environment holds a secret: everybody who may describe the resource reads it."""
    values = _secret_values(graph)
    for resource, name, value in _environments(graph):
        if SECRET_WORD.search(name) and not REFERENCE_NAME.search(name):
            yield resource, f"has the variable {name}, which by its name is a secret"
        elif SECRET_VALUE.search(value) or any(secret in value for secret in values):
            yield resource, f"has a secret in the variable {name}"
    for resource in graph.of_type(FUNCTION, RUNTIME):
        for key in ("environment", "environmentVariables"):
            if key in resource.secrets:
                yield resource, "has a variable made from a secret"


def secret_unmarked(graph: Graph) -> Problems:
    """Secret inputs are marked as such, so that Pulumi encrypts them in its state."""
    for type, keys in SECRET_INPUTS.items():
        for resource in graph.of_type(type):
            for key in keys:
                value: Any = resource.inputs.get(key)
                if key == "authenticationMode" and not mapping(value).get("passwords"):
                    continue
                if value is not None and key not in resource.secrets:
                    yield resource, f"has its {key} in plain in Pulumi's state"


def secret_exported(graph: Graph) -> Problems:
    """No export is a secret in plain."""
    values = _secret_values(graph)
    for name, value in graph.exports.items():
        if name not in graph.secret_exports and any(secret in str(value) for secret in values):
            owner = next(iter(graph), None)
            if owner is not None:
                yield owner, f"is exported: {name} holds a secret in plain"


def secret_written(graph: Graph) -> Problems:
    """No input anywhere has a key or a token written into it."""
    for resource in graph:
        for key, value in resource.inputs.items():
            if key not in resource.secrets and any(WRITTEN_SECRET.search(text) for text in texts(value)):
                yield resource, f"has a secret in its {key}"


def secret_empty(graph: Graph) -> Problems:
    """Every secret has a value, and one that is secret."""
    filled = {version.inputs.get("secretId"): version for version in graph.of_type(VERSION)}
    ids = {str(identifier(resource)) for resource in graph if resource.custom}
    for secret in graph.of_type(SECRET):
        version = filled.get(identifier(secret))
        if version is None:
            yield secret, "has no value"
        elif version.inputs.get("secretString") in ids:
            yield version, "holds the id of something, which is no secret"


def secret_kept(graph: Graph) -> Problems:
    """A secret that is deleted in a throw-away environment is gone at once; in prod it can be restored."""
    for secret in graph.of_type(SECRET):
        days = told(secret, "recoveryWindowInDays")
        if graph.stack == "prod" and days is not None and days < 7:
            yield secret, f"can be restored for {days} days only"


RULES = (
    secret_in_environment,
    secret_unmarked,
    secret_exported,
    secret_written,
    secret_empty,
    secret_kept,
)
