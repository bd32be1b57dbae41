"""The stand-alone server and the command `gatepost`."""
