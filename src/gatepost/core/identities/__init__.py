"""Who somebody at another's is here: an identity is an issuer and a subject, never an address."""
