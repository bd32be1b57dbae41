"""The OAuth 2.0 endpoints: token, revocation, introspection, and the public keys."""
