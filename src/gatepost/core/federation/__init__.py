"""Signing in with others: who they are, and what is asked of them (OAuth 2.0, OpenID Connect)."""
