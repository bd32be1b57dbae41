"""The databases of a run: files of SQLite, and PostgreSQL from a wheel, durable as in production."""

from contextlib import ExitStack
from pathlib import Path

from tests.backends import PostgresServer


class DurablePostgres(PostgresServer):
    """The server of the tests, but with PostgreSQL's own settings: what is committed has reached the disk."""

    def command(self) -> list[str]:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port)}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *arguments]


def database_urls(stack: ExitStack, folder: Path) -> dict[str, str]:
    """Return an empty database of each kind by its name; they end with the stack."""
    folder.mkdir(exist_ok=True)
    server = DurablePostgres()
    stack.callback(server.close)
    return {"SQLite": f"sqlite:///{folder / 'shared.db'}", "PostgreSQL": server.url(server.create_database())}
