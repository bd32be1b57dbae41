"""`python -m backend`: API, built front end and `/docs` on one port, in development mode.

What could go wrong: on a public address this would be a development server that strangers can reach. It binds the
loopback address only; a real deployment runs `backend.app:app` under its own server and settings.
"""

import argparse
import os

import uvicorn


def main() -> None:
    """Read the port, set what development needs unless it is set already, and serve."""
    parser = argparse.ArgumentParser(prog="python -m backend", description="The Todo app on Gatepost.")
    parser.add_argument("--port", type=int, default=8000)
    port: int = parser.parse_args().port
    url = f"http://127.0.0.1:{port}"
    os.environ.setdefault("GATEPOST_ENV", "development")
    os.environ.setdefault("GATEPOST_PUBLIC_URL", url)
    os.environ.setdefault("GATEPOST_APP_NAME", "Todo")
    os.environ.setdefault("GATEPOST_PAGES_URL", "/")  # links in mails lead to the app's own pages
    # The service in examples/reports asks by this name; whoever can reach the loopback address may know the secret.
    os.environ.setdefault("GATEPOST_INTROSPECTION_CLIENTS", '{"reports": "only-for-development-on-this-machine"}')
    os.environ.setdefault("GATEPOST_TRUSTED_ORIGINS", '["http://localhost:5173", "http://127.0.0.1:5173"]')

    from backend.app import app  # noqa: PLC0415 - reads the settings that were set above
    from backend.frontend import DIST  # noqa: PLC0415

    built = f"Todo app   {url}/\nAPI docs   {url}/docs"
    print(built if DIST.is_dir() else "Not built yet: cd frontend && npm ci && npm run build", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
