"""`make doctor`: what usually fails first, found before it does, each with its remedy."""

from deployment.doctor import account, deployed, models, quotas, region, tools
from deployment.doctor.situation import Check

CHECKS: tuple[Check, ...] = (
    tools.python,
    tools.uv,
    tools.pulumi_cli,
    tools.state,
    tools.plugins,
    tools.packages,
    account.credentials,
    region.agentcore,
    region.durable_functions,
    region.zones,
    models.inference_profile,
    models.model_access,
    quotas.model_quota,
    quotas.lambda_concurrency,
    quotas.message_rate,
    quotas.image_builds,
    quotas.network,
    account.api_gateway_logging,
    account.transaction_search,
    account.sign_in_domain,
    deployed.instance_metadata,
    deployed.network_interfaces,
)
"""In the order in which they are shown. None changes or costs anything."""
