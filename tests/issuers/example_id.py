"""`python -m tests.issuers.example_id`: the Todo app, and beside it a provider to sign in with, “Example ID”.

For trying by hand. Both listen on loopback only, and everybody who reaches them may be anybody.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.issuers.provider import ADA, CURE, OidcProvider, client, node_program, secret_of

TODO_APP = Path(__file__).resolve().parent.parent.parent / "examples" / "todo"
NAME = "example"
GRACE: dict[str, Any] = {
    "sub": "grace-upstream",
    "email": "grace@example.com",
    "email_verified": True,
    "name": "Grace Hopper",
}
NOBODY: dict[str, Any] = {
    "sub": "nobody-upstream",
    "email": "nobody@example.com",
    "email_verified": False,
    "name": "No Address",
}


def todo_client(url: str) -> dict[str, Any]:
    """Return the Todo app as the provider knows it."""
    return client(
        "todo",
        f"{url}/auth/callback/{NAME}",
        backchannel_logout_uri=f"{url}/auth/backchannel-logout/{NAME}",
        backchannel_logout_session_required=True,
    )


def todo_settings(issuer: str) -> dict[str, str]:
    """Return what the environment of the Todo app says about the provider."""
    provider = {"issuer": issuer, "client_id": "todo", "client_secret": secret_of("todo"), "label": "Example ID"}
    return {
        "GATEPOST_PROVIDERS": json.dumps({NAME: {"preset": "oidc", **provider}}),
        "GATEPOST_OUTBOUND_DANGEROUSLY_REACHES_LOOPBACK": "true",
    }


def main() -> None:
    """Start the provider, then the Todo app; stop both at Ctrl+C, or when this is ended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m tests.issuers.example_id", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port: int = parser.parse_args().port
    node = node_program()
    if node is None:
        sys.exit(f"the OpenID provider is missing: {CURE}")
    accounts = [ADA, GRACE, NOBODY]
    provider = OidcProvider(node, port + 1)  # the same each time: it is part of who somebody is there
    try:
        provider.change(clients=[todo_client(f"http://127.0.0.1:{port}")], accounts=accounts)
        names = ", ".join(account["sub"] for account in accounts)
        sys.stdout.write(f"Example ID knows {names}: type one of them where it asks for an account.\n")
        sys.stdout.flush()
        command = [sys.executable, "-m", "backend", "--port", str(port)]
        subprocess.run(command, cwd=TODO_APP, env={**os.environ, **todo_settings(provider.issuer)}, check=False)
    except KeyboardInterrupt:
        pass
    finally:
        provider.close()


if __name__ == "__main__":
    main()
