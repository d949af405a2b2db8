"""`python -m tests.aws_local.moto`: moto's server on a port that it prints, until stdin closes."""

from __future__ import annotations

import os
import sys
import threading

from moto.core.common_models import CloudFormationModel
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.aws import forms, quota


def main() -> None:
    # moto finds them because they are there.
    assert forms.Project in CloudFormationModel.__subclasses__()
    # Clients keep their connections, as with Amazon.
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    app = quota.with_it(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    server.serve_forever()


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
