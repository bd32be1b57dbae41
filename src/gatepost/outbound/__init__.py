"""The one client for every request that this server makes to somebody else's."""
