"""Checks of the AWS account: who we are, and what exists once per account and Region."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployment.doctor.finding import Finding, fail, ok, unknown, warn
from deployment.doctor.situation import CREDENTIALS, SIGNED_OUT, Situation, code, unanswered


def credentials(situation: Situation) -> Finding:
    """Who we are, and whether this is the account the stack belongs to."""
    try:
        identity = situation.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        found = unanswered("credentials", "sts:GetCallerIdentity", error)
        if isinstance(error, ClientError) and code(error) not in SIGNED_OUT:
            return found
        return fail(found.subject, found.said, CREDENTIALS)
    account, wanted = identity["Account"], situation.settings.account_id
    if wanted and account != wanted:
        return fail(
            "credentials",
            f"account {account}, but the stack belongs to {wanted}",
            "Choose that account's profile with AWS_PROFILE, or correct deskside:accountId",
        )
    if not wanted:
        return warn(
            "credentials",
            f"account {account}; the stack does not say which it belongs to",
            f"pulumi config set deskside:accountId {account} --stack {situation.stack}",
        )
    return ok("credentials", f"account {account}, {identity['Arn'].rpartition(':')[2]}")


def api_gateway_logging(situation: Situation) -> Finding:
    """A stage can write access logs only once the account has a role for it."""
    subject = "API Gateway logging role"
    try:
        account = situation.client("apigateway").get_account()
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "apigateway:GET on /account", error)
    role = account.get("cloudwatchRoleArn")
    if role:
        return ok(subject, role.rpartition("/")[2])
    if situation.settings.account_settings:
        return ok(subject, "not set yet; make up sets it (deskside:accountSettings)")
    return fail(
        subject,
        "the account has none and this stack does not set it",
        "Set deskside:accountSettings true in one stack of this account and Region, and run make up on it first",
    )


def transaction_search(situation: Situation) -> Finding:
    """Where X-Ray puts spans: AgentCore's traces are found only in CloudWatch Logs."""
    subject = "Transaction Search"
    try:
        destination = situation.client("xray").get_trace_segment_destination()
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "xray:GetTraceSegmentDestination", error)
    if destination.get("Destination") == "CloudWatchLogs":
        if destination.get("Status") == "ACTIVE":
            return ok(subject, "spans go to CloudWatch Logs")
        return warn(subject, "being switched on", "Wait some minutes; traces of that time are incomplete")
    if situation.settings.account_settings:
        return ok(subject, "not on yet; make up switches it on (deskside:accountSettings)")
    return warn(
        subject,
        "spans go to X-Ray: the agent's traces will not be found",
        "Set deskside:accountSettings true in one stack of this account and Region; or let X-Ray write to the log "
        "groups aws/spans and /aws/application-signals/data with a CloudWatch Logs resource policy and then run "
        f"aws xray update-trace-segment-destination --destination CloudWatchLogs --region {situation.settings.region}",
    )


def sign_in_domain(situation: Situation) -> Finding:
    """The prefix of the sign-in pages is unique in the Region among all customers of AWS."""
    subject, domain = "sign-in domain", situation.settings.sign_in_domain
    cognito = situation.client("cognito-idp")
    found: dict[str, Any] = {}
    remedy = "Choose another one, best with your organisation's name: deskside:signInDomain"
    try:
        found = cognito.describe_user_pool_domain(Domain=domain).get("DomainDescription", {})
    except (BotoCoreError, ClientError) as error:
        if not isinstance(error, ClientError) or code(error) != "ResourceNotFoundException":
            return unanswered(subject, "cognito-idp:DescribeUserPoolDomain", error)
    pool = found.get("UserPoolId")
    if not pool:
        # Whether AWS tells us of other customers' domains is not documented.
        return ok(subject, f"{domain} is not in use in this account; another customer's shows only at make up")
    if pool == situation.outputs.get("userPoolId"):
        return ok(subject, f"{domain} belongs to this stack")
    if not situation.outputs:
        return unknown(
            subject,
            f"{domain} belongs to user pool {pool}; whether that is this stack's is not known",
            "Install Pulumi and log in, so that the stack's outputs can be read",
        )
    return fail(subject, f"{domain} belongs to another user pool ({pool})", remedy)
