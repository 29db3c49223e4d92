"""The events that the functions are invoked with."""

from __future__ import annotations

import base64

import pytest

from local.config import HOST, STAGE
from tests.local.parts.websocket.fake_lambda import Lambda, policy
from tests.local.parts.websocket.running import TOKEN, Running


async def test_events_have_the_fields_of_aws(functions: Lambda, start: Running) -> None:
    stack = await start()
    functions.authorizer = lambda _event: policy(tenant="acme", level=3, admin=True)
    async with stack.connect(f"/{STAGE}?a=1&a=2&b=", user_agent_header="test/1") as client:
        await client.send('{"action":"ping"}')
        message = await functions.wait("MESSAGE")
        await client.close(1000, "done")
    disconnect = await functions.wait("DISCONNECT")
    connected = functions.of("CONNECT")[0]

    authorization = functions.authorizations[0]
    assert authorization["type"] == "REQUEST"
    assert authorization["methodArn"] == f"arn:aws:execute-api:us-east-1:123456789012:local/{STAGE}/$connect"
    assert authorization["headers"]["Authorization"] == TOKEN
    assert authorization["multiValueHeaders"]["Authorization"] == [TOKEN]
    assert authorization["queryStringParameters"] == {"a": "2", "b": ""}
    assert authorization["stageVariables"] == {}
    assert "authorizer" not in authorization["requestContext"]

    common = {
        *("routeKey", "eventType", "extendedRequestId", "requestTime", "messageDirection", "stage", "connectedAt"),
        *("requestTimeEpoch", "identity", "requestId", "domainName", "connectionId", "apiId", "authorizer"),
    }
    assert set(connected) == {
        *("headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters"),
        *("requestContext", "isBase64Encoded"),
    }
    assert set(connected["requestContext"]) == common
    assert connected["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert set(message) == {"requestContext", "body", "isBase64Encoded"}
    assert set(message["requestContext"]) == common | {"messageId"}
    assert set(disconnect) == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert set(disconnect["requestContext"]) == common | {"disconnectStatusCode", "disconnectReason"}

    for event, route in ((connected, "$connect"), (message, "ping"), (disconnect, "$disconnect")):
        context = event["requestContext"]
        assert context["routeKey"] == route
        assert context["connectionId"] == connected["requestContext"]["connectionId"]
        assert context["connectedAt"] == connected["requestContext"]["connectedAt"]
        assert context["identity"] == {"sourceIp": HOST, "userAgent": "test/1"}
        assert context["stage"] == STAGE
        latency = context["authorizer"]["integrationLatency"]
        assert isinstance(latency, int)
        expected = {"principalId": "anna", "tenant": "acme", "level": "3", "admin": "true"}
        assert context["authorizer"] == {**expected, "integrationLatency": latency}
    assert (message["body"], message["isBase64Encoded"]) == ('{"action":"ping"}', False)
    assert disconnect["requestContext"]["disconnectStatusCode"] == 1000
    assert disconnect["requestContext"]["disconnectReason"] == "done"
    identifier = connected["requestContext"]["connectionId"]
    assert len(identifier) == 16
    assert len(base64.urlsafe_b64decode(identifier)) == 11


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ('{"action":"hello"}', "hello"),
        ('{"action":"chat","prompt":"é"}', "chat"),
        ('{"action":"async_callback"}', "async_callback"),
        ('{"action":"ping"}', "ping"),
        ('{"action":"$connect"}', "$default"),
        ('{"action":"other"}', "$default"),
        ('{"action":["ping"]}', "$default"),
        ("{}", "$default"),
        ("[1]", "$default"),
        ("{bad", "$default"),
        ("[" * 20_000, "$default"),
    ],
)
async def test_routes(functions: Lambda, start: Running, body: str, route: str) -> None:
    async with (await start()).connect() as client:
        await client.send(body)
        event = await functions.wait("MESSAGE")
    assert event["requestContext"]["routeKey"] == route
    assert event["body"] == body


async def test_binary_message_travels_as_base64(functions: Lambda, start: Running) -> None:
    async with (await start()).connect() as client:
        await client.send(b'\x00{"action":"ping"}')
        event = await functions.wait("MESSAGE")
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b'\x00{"action":"ping"}'
    assert event["requestContext"]["routeKey"] == "$default"
