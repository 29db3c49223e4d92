"""What has to be in an AWS account before GitHub Actions can deploy Deskside to it. Run once, by a person."""

import pulumi
import pulumi_aws as aws
from github_roles import GithubRoles
from settings import Settings
from state_home import StateHome

NAME = "deskside-ci"

settings = Settings.load()
provider = aws.Provider(
    NAME, region=settings.region, default_tags={"tags": {"Project": "deskside-bootstrap", "ManagedBy": "Pulumi"}}
)
everywhere = pulumi.ResourceOptions(providers=[provider])
asked = pulumi.InvokeOptions(provider=provider)
account_id = aws.get_caller_identity(opts=asked).account_id
partition = aws.get_partition(opts=asked).partition

home = (
    StateHome(
        f"{NAME}-state", {"region": settings.region, "account_id": account_id, "partition": partition}, everywhere
    )
    if settings.state
    else None
)
roles = GithubRoles(
    f"{NAME}-github",
    {
        "partition": partition,
        "account_id": account_id,
        "subject": settings.subject,
        "environments": settings.environments,
        "branch": settings.branch,
        "provider_arn": settings.provider_arn,
        "state": {"bucket_arn": home.bucket_arn, "key_arn": home.key_arn} if home else None,
    },
    everywhere,
)

pulumi.export("previewRoleArn", roles.preview_role_arn)
pulumi.export("driftRoleArn", roles.drift_role_arn)
pulumi.export("upRoleArns", roles.up_role_arns)
if home:
    pulumi.export("backendUrl", home.backend_url)
    pulumi.export("secretsProvider", home.secrets_provider)
