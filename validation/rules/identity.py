"""Cognito: a machine client for the agent, a public one for people's Macs."""

from __future__ import annotations

import re

from validation.graph import Graph, Resource
from validation.rules.reading import at, found, identifier, listed
from validation.rules.rule import Problems

CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
POOL = "aws:cognito/userPool:UserPool"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
RESOURCE_SERVER = "aws:cognito/resourceServer:ResourceServer"
STYLE = "aws:cognito/managedLoginBranding:ManagedLoginBranding"
CALLBACK = re.compile(
    r"https://\S+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/\S*|(?!http:)[a-z][a-z0-9+.-]*://\S+"
)


def _flows(client: Resource) -> set[str]:
    return {str(flow) for flow in listed(client.inputs.get("allowedOauthFlows"))}


def machine_client(graph: Graph) -> Problems:
    """The machine client has a secret and one flow, and scopes of a resource server of its pool."""
    for client in graph.of_type(CLIENT):
        if "client_credentials" not in _flows(client):
            continue
        if _flows(client) != {"client_credentials"}:
            yield client, "has further flows besides client_credentials, which Cognito refuses"
        if client.inputs.get("generateSecret") is not True:
            yield client, "has no secret"
        if client.inputs.get("allowedOauthFlowsUserPoolClient") is not True:
            yield client, "has flows that are not switched on"
        scopes = [str(scope) for scope in listed(client.inputs.get("allowedOauthScopes"))]
        if not scopes:
            yield client, "has no scope"
        for scope in scopes:
            server = found(graph, RESOURCE_SERVER, "identifier", scope.rpartition("/")[0])
            if server is None or server.inputs.get("userPoolId") != client.inputs.get("userPoolId"):
                yield client, f"has the scope {scope} of no resource server of its pool"
            elif scope.rpartition("/")[2] not in [s.get("scopeName") for s in listed(server.inputs.get("scopes"))]:
                yield client, f"has the scope {scope}, which its resource server does not have"


def public_client(graph: Graph) -> Problems:
    """The app's client has no secret, the code flow only, and callbacks that nobody else receives."""
    for client in graph.of_type(CLIENT):
        if not _flows(client) or "client_credentials" in _flows(client):
            continue
        if _flows(client) != {"code"}:
            yield client, "signs in otherwise than with a code (PKCE)"
        if client.inputs.get("generateSecret") is True:
            yield client, "has a secret, which an app cannot keep"
        if not listed(client.inputs.get("callbackUrls")):
            yield client, "has no callback"
        for url in (*listed(client.inputs.get("callbackUrls")), *listed(client.inputs.get("logoutUrls"))):
            if not CALLBACK.fullmatch(str(url)):
                yield client, f"returns to {url}: neither https, nor an app's own scheme, nor loopback"


def pool_without_domain(graph: Graph) -> Problems:
    """Where clients use OAuth, their pool has a domain for the token endpoint."""
    for client in graph.of_type(CLIENT):
        if _flows(client) and found(graph, DOMAIN, "userPoolId", client.inputs.get("userPoolId")) is None:
            yield client, "has no token endpoint: its pool has no domain"


def empty_client_list(graph: Graph) -> Problems:
    """A client's lists are given or left out: an empty one never settles (terraform-provider-aws #30257)."""
    for client in graph.of_type(CLIENT):
        for key, value in client.inputs.items():
            if value == []:
                yield client, f"has an empty {key}"


def password_flow(graph: Graph) -> Problems:
    """Nobody hands a password to a client; left out, Cognito would switch such flows on."""
    for client in graph.of_type(CLIENT):
        flows = set(listed(client.inputs.get("explicitAuthFlows")))
        if not flows or not flows <= {"ALLOW_REFRESH_TOKEN_AUTH"}:
            yield client, f"signs in by {', '.join(sorted(flows)) or 'the flows that Cognito chooses'}"


UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def token_lifetime(graph: Graph) -> Problems:
    """Access and identity tokens live 5 minutes to a day, refresh tokens an hour to ten years, as Cognito has it."""
    limits = {"access": (300, 86400, "hours"), "id": (300, 86400, "hours"), "refresh": (3600, 3650 * 86400, "days")}
    for client in graph.of_type(CLIENT):
        for kind, (shortest, longest, default) in limits.items():
            length = client.inputs.get(f"{kind}TokenValidity")
            unit = at(client, f"tokenValidityUnits.{kind}Token") or default
            if length is not None and not shortest <= length * UNITS.get(unit, 0) <= longest:
                yield client, f"has {kind} tokens that live {length} {unit}"


def client_careless(graph: Graph) -> Problems:
    """Tokens can be revoked, and errors do not say which people exist."""
    for client in graph.of_type(CLIENT):
        if client.inputs.get("enableTokenRevocation") is not True:
            yield client, "has tokens that cannot be revoked"
        if client.inputs.get("preventUserExistenceErrors") != "ENABLED":
            yield client, "says whether a user exists"


def login_page(graph: Graph) -> Problems:
    """A client of managed login has a style and an identity provider: without them there is no page."""
    managed = {d.inputs.get("userPoolId") for d in graph.of_type(DOMAIN) if d.inputs.get("managedLoginVersion") == 2}
    styled = {style.inputs.get("clientId") for style in graph.of_type(STYLE)}
    for client in graph.of_type(CLIENT):
        if "code" in _flows(client) and client.inputs.get("userPoolId") in managed:
            if identifier(client) not in styled:
                yield client, "has no style, without which managed login shows no page"
            if not listed(client.inputs.get("supportedIdentityProviders")):
                yield client, "has no identity provider to sign in with"


def domain_reserved(graph: Graph) -> Problems:
    """A domain's prefix has none of the words that Cognito keeps for AWS."""
    for domain in graph.of_type(DOMAIN):
        for word in ("aws", "amazon", "cognito"):
            if word in str(domain.inputs.get("domain")):
                yield domain, f"has {word} in its prefix"


def open_sign_up(graph: Graph) -> Problems:
    """Nobody can sign up by himself: an administrator invites."""
    for pool in graph.of_type(POOL):
        if at(pool, "adminCreateUserConfig.allowAdminCreateUserOnly") is not True:
            yield pool, "lets anybody sign up"


RULES = (
    machine_client,
    public_client,
    pool_without_domain,
    empty_client_list,
    password_flow,
    token_lifetime,
    client_careless,
    login_page,
    domain_reserved,
    open_sign_up,
)
