"""API keys: the list, a new one, the end of one."""
