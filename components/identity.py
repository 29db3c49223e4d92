"""Who may use the system: people through the Mac app, and the agent itself as a machine."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.location import Location

TOOLS_SERVER = "deskside-tools"
INVOKE_SCOPE = "invoke"

APP_SCOPES = ("openid", "profile", "email")

ACCESS_MINUTES = 60
"""Cognito advises against less with its sign-in pages. The agent asks for a token once an hour, too:
requests are billed."""

REFRESH_DAYS = 30
"""How long a Mac stays signed in. A refresh token can be revoked; rotation is left off, because it
excludes the refresh flow that clients use unless it is prepared for."""

RECOVERY_DAYS = 30
"""How long a deleted secret of a protected stack can be restored: the longest AWS offers."""

TOKEN_UNITS: aws.cognito.UserPoolClientTokenValidityUnitsArgsDict = {
    "access_token": "minutes",
    "id_token": "minutes",
    "refresh_token": "days",
}


class IdentityArgs(TypedDict):
    """Inputs of Identity."""

    location: Location
    domain: str
    """Prefix of the sign-in host; unique in the Region among all AWS customers."""
    callback_urls: list[str]
    """Where the app may be sent back to. Cognito compares them character by character, ports too."""
    protect: bool


class Identity(pulumi.ComponentResource):
    """A Cognito user pool with two clients.

    People are invited by an administrator; nobody signs up. The Mac app is a public client (authorization
    code with PKCE, no secret). The agent is a confidential one (client credentials); its secret is in
    Secrets Manager and nowhere else.
    """

    user_pool_id: pulumi.Output[str]
    issuer: pulumi.Output[str]
    discovery_url: pulumi.Output[str]
    sign_in_url: pulumi.Output[str]
    """`https://{domain}.auth.{region}.amazoncognito.com`."""
    token_url: pulumi.Output[str]
    app_client_id: pulumi.Output[str]
    machine_client_id: pulumi.Output[str]
    machine_secret_arn: pulumi.Output[str]
    """The secret whose SecretString is the machine client's secret, as it is."""
    machine_scope: pulumi.Output[str]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:Identity", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        region = args["location"]["region"]
        pool = aws.cognito.UserPool(
            name,
            user_pool_tier="ESSENTIALS",
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            auto_verified_attributes=["email"],
            # Until the new address is verified the old one stays the way to sign in.
            user_attribute_update_settings={"attributes_require_verification_before_updates": ["email"]},
            admin_create_user_config={"allow_admin_create_user_only": True},
            password_policy={
                "minimum_length": 12,
                "require_lowercase": True,
                "require_uppercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "temporary_password_validity_days": 3,
            },
            # Each person may add an authenticator app; SMS would need a sender and is the weaker factor.
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration={"enabled": True},
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            deletion_protection="ACTIVE" if args["protect"] else "INACTIVE",
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args["protect"])),
        )
        domain = aws.cognito.UserPoolDomain(
            f"{name}-domain",
            domain=args["domain"],
            user_pool_id=pool.id,
            managed_login_version=2,
            # The name is ours, and a pool has one domain of this kind.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
        )
        server = aws.cognito.ResourceServer(
            f"{name}-tools",
            name="Deskside tools",
            identifier=TOOLS_SERVER,
            user_pool_id=pool.id,
            scopes=[{"scope_name": INVOKE_SCOPE, "scope_description": "Call the tools of the Gateway"}],
            opts=child,
        )

        machine = aws.cognito.UserPoolClient(
            f"{name}-machine",
            user_pool_id=pool.id,
            generate_secret=True,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["client_credentials"],
            # From the server, so that it exists first.
            allowed_oauth_scopes=server.scope_identifiers,
            # Left out, Cognito would add sign-in with a password.
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            access_token_validity=ACCESS_MINUTES,
            id_token_validity=ACCESS_MINUTES,
            refresh_token_validity=1,
            token_validity_units=TOKEN_UNITS,
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
            opts=child,
        )
        secret = aws.secretsmanager.Secret(
            f"{name}-machine",
            description="Secret of the Cognito client that the agent calls its tools with",
            recovery_window_in_days=RECOVERY_DAYS if args["protect"] else 0,
            opts=child,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-machine-value", secret_id=secret.id, secret_string=machine.client_secret, opts=child
        )

        app = aws.cognito.UserPoolClient(
            f"{name}-app",
            user_pool_id=pool.id,
            generate_secret=False,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=list(APP_SCOPES),
            callback_urls=args["callback_urls"],
            supported_identity_providers=["COGNITO"],
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            access_token_validity=ACCESS_MINUTES,
            id_token_validity=ACCESS_MINUTES,
            refresh_token_validity=REFRESH_DAYS,
            token_validity_units=TOKEN_UNITS,
            enable_token_revocation=True,
            prevent_user_existence_errors="ENABLED",
            opts=child,
        )
        # A client without a style gets "Login pages unavailable" instead of a page.
        aws.cognito.ManagedLoginBranding(
            f"{name}-style",
            user_pool_id=pool.id,
            client_id=app.id,
            use_cognito_provided_values=True,
            opts=child,
        )

        self.user_pool_id = pool.id
        self.issuer = pulumi.Output.concat(f"https://cognito-idp.{region}.amazonaws.com/", pool.id)
        self.discovery_url = pulumi.Output.concat(self.issuer, "/.well-known/openid-configuration")
        self.sign_in_url = pulumi.Output.concat("https://", domain.domain, f".auth.{region}.amazoncognito.com")
        self.token_url = pulumi.Output.concat(self.sign_in_url, "/oauth2/token")
        self.app_client_id = app.id
        self.machine_client_id = machine.id
        # Of the version, so that whoever reads it waits until there is a value.
        self.machine_secret_arn = version.secret_arn
        self.machine_scope = server.scope_identifiers.apply(lambda scopes: scopes[0])
        self.register_outputs(
            {
                "user_pool_id": self.user_pool_id,
                "issuer": self.issuer,
                "discovery_url": self.discovery_url,
                "sign_in_url": self.sign_in_url,
                "token_url": self.token_url,
                "app_client_id": self.app_client_id,
                "machine_client_id": self.machine_client_id,
                "machine_secret_arn": self.machine_secret_arn,
                "machine_scope": self.machine_scope,
            }
        )
