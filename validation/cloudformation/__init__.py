"""The recorded graph as a CloudFormation template, and what cfn-lint says about it.

CloudFormation's resource schemas know more of AWS than the Pulumi SDK does: enums, patterns, limits,
which properties exclude each other. `types` says how each type is written there.
"""

from validation.cloudformation.linting import lint
from validation.cloudformation.rendering import Rendered, render, template
from validation.cloudformation.types import NO_EQUIVALENT

__all__ = ["NO_EQUIVALENT", "Rendered", "lint", "render", "template"]
