"""The public names: all there, and none imported before it is asked for."""

import subprocess
import sys

import gatepost


def test_every_public_name_is_there() -> None:
    for name in gatepost.__all__:
        assert getattr(gatepost, name) is not None


def test_what_is_not_public_is_an_attribute_error() -> None:
    assert not hasattr(gatepost, "nothing_of_this_name")


def test_importing_the_package_imports_no_database() -> None:
    program = "import sys, gatepost; print(*sorted({'sqlalchemy', 'fastapi', 'cryptography'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
