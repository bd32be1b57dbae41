"""Signing in by a link or a code that is mailed, without a password."""
