"""Cognito: a machine client for the agent, a public one for people's Macs."""

from __future__ import annotations

import re

from validation.graph import Graph, Resource
from validation.rules.reading import at, found, listed
from validation.rules.rule import Problems

CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
POOL = "aws:cognito/userPool:UserPool"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
RESOURCE_SERVER = "aws:cognito/resourceServer:ResourceServer"
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


def open_sign_up(graph: Graph) -> Problems:
    """Nobody can sign up by himself: an administrator invites."""
    for pool in graph.of_type(POOL):
        if at(pool, "adminCreateUserConfig.allowAdminCreateUserOnly") is not True:
            yield pool, "lets anybody sign up"


RULES = (machine_client, public_client, pool_without_domain, empty_client_list, open_sign_up)
