"""`python -m gatepost` is the command `gatepost`."""

from gatepost.server.cli import main

main()
