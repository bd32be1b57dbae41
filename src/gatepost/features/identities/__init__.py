"""Accounts elsewhere of the caller: the list, connecting one, disconnecting one."""
