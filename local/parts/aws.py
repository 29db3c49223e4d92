"""DynamoDB, S3 and Secrets Manager by moto's server, with everything the stack needs in them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from local.config import HOST, MACHINE_SECRET_ID, REGION, SESSIONS_BUCKET, LocalConfig
from local.parts.calls import Wsgi, noting
from local.parts.listening import claim, exit_on_signals
from local.parts.tables import create_tables
from services.logs import configure, get_logger

SECRET_VARIABLE = "DESKSIDE_MACHINE_SECRET"  # noqa: S105
"""The stack makes the machine client's secret and hands it to this part and to identity."""


def with_health(application: Wsgi, ready: threading.Event) -> Wsgi:
    """Put `GET /health` in front: 503 until everything has been created."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/health":
            return application(environ, start_response)
        status, body = ("200 OK", b'{"status":"ok"}') if ready.is_set() else ("503 Starting", b'{"status":"starting"}')
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    return answer


def create_resources(config: LocalConfig, secret: str) -> None:
    """Create the tables, the bucket and the secret over the same API the services use."""
    import boto3

    session = boto3.Session("stack", "local", region_name=REGION)
    url = config.url("aws")
    create_tables(session.client("dynamodb", endpoint_url=url))
    session.client("s3", endpoint_url=url).create_bucket(Bucket=SESSIONS_BUCKET)
    session.client("secretsmanager", endpoint_url=url).create_secret(Name=MACHINE_SECRET_ID, SecretString=secret)


def main() -> None:
    configure("aws")
    config = LocalConfig.from_environment()
    secret = os.environ[SECRET_VARIABLE]
    exit_on_signals()
    # Before moto is imported, which takes a second: a taken port is told at once.
    listener = claim(config.port("aws"))

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    # A line a request, coloured, would bury what this stack logs itself.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    ready = threading.Event()
    server = make_server(
        HOST,
        config.port("aws"),
        with_health(noting(DomainDispatcherApplication(create_backend_app)), ready),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=listener.fileno(),
    )
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    create_resources(config, secret)
    ready.set()
    get_logger().info("started")
    serving.join()


if __name__ == "__main__":
    main()
