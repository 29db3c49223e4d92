"""What AWS answers for roles and their policies, and the provider itself."""

from __future__ import annotations

from validation.faithful.created import ACCOUNT, Created, Outputs, answers


@answers("pulumi:providers:aws")
def _provider(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {}


@answers("aws:iam/role:Role")
def _role(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    path = new.inputs.get("path", "/")
    arn = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
    return name, {
        "name": name,
        "arn": arn,
        "path": path,
        "uniqueId": "AROA" + new.mark(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        "createDate": "2026-11-23T12:00:00Z",
        "maxSessionDuration": new.inputs.get("maxSessionDuration", 3600),
    }


@answers("aws:iam/rolePolicy:RolePolicy")
def _role_policy(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['role']}:{new.name()}", {"name": new.name()}


@answers("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def _attachment(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['role']}-20261123120000000000000001", {}


@answers("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
def _oidc(new: Created) -> tuple[str, Outputs]:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{str(new.inputs['url']).removeprefix('https://')}"
    return arn, {"arn": arn}
