"""Our rules as a policy pack: `pulumi preview --policy-pack policy_pack`."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy  # pyright: ignore[reportMissingImports]

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy_pack.adaptor import policies

PolicyPack(
    name="deskside",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        StackValidationPolicy(name=name, description=description, validate=validate)
        for name, description, validate in policies()
    ],
)
