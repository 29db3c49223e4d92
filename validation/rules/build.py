"""The image's build and where its images are kept."""

from __future__ import annotations

from typing import Any

from services.contract.limits import MAX_EXECUTION_TIMEOUT
from validation.graph import Graph
from validation.rules.reading import PROJECT, at, decoded, listed, mapping
from validation.rules.rule import Problems

LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
COUNTS = ("imageCountMoreThan", "sinceImagePushed")
FEWEST_KEPT = 10
"""An image that a running environment serves must outlive a day of updates."""


def build_machine(graph: Graph) -> Problems:
    """Builds run on arm64, which AgentCore requires of images, and may use Docker."""
    for project in graph.of_type(PROJECT):
        machine, image = at(project, "environment.type"), str(at(project, "environment.image"))
        if machine != "ARM_CONTAINER" or "aarch64" not in image:
            yield project, f"builds on {machine} with {image}; AgentCore runs arm64 images only"
        if at(project, "environment.privilegedMode") is not True:
            yield project, "may not run Docker: it is not privileged"


def build_outlives_waiter(graph: Graph) -> Problems:
    """A build ends, by itself, before the function that waits for it."""
    for project in graph.of_type(PROJECT):
        minutes = project.inputs.get("buildTimeout", 60)
        if minutes * 60 >= MAX_EXECUTION_TIMEOUT:
            yield project, f"may build {minutes} minutes; who waits for it gives up after {MAX_EXECUTION_TIMEOUT} s"


def image_expiry(graph: Graph) -> Problems:
    """A repository's lifecycle policy is one that ECR takes, and leaves the images that are served."""
    for lifecycle in graph.of_type(LIFECYCLE):
        rules = [mapping(rule) for rule in listed(mapping(decoded(lifecycle.inputs.get("policy"))).get("rules"))]
        if not rules:
            yield lifecycle, "has no rules"
        priorities: list[Any] = [rule.get("rulePriority") for rule in rules]
        if len(set(priorities)) != len(priorities):
            yield lifecycle, "has two rules of one priority"
        for rule in rules:
            selection = mapping(rule.get("selection"))
            if selection.get("countType") not in COUNTS:
                yield lifecycle, f"counts by {selection.get('countType')}"
            if selection.get("tagStatus") == "any" and rule.get("rulePriority") != max(priorities):
                yield lifecycle, "has a rule for any image before others; ECR wants it last"
            if selection.get("tagStatus") != "untagged" and (
                selection.get("countType") != "imageCountMoreThan" or selection.get("countNumber", 0) < FEWEST_KEPT
            ):
                yield lifecycle, "may delete an image that is served"


RULES = (build_machine, build_outlives_waiter, image_expiry)
