"""What is loaded by who only asks others and trusts them: no database; an HTTP client once it is needed."""

import subprocess
import sys

LOOK = """
import pkgutil, sys
import gatepost.outbound, gatepost.trust
for package in (gatepost.outbound, gatepost.trust):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        __import__(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"sqlalchemy", "alembic", "httpx2", "fastapi"}))
"""


def test_trusting_others_loads_no_database_and_no_client_before_it_asks() -> None:
    found = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
