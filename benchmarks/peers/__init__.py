"""The peers: small apps written as their own documentation shows, run in an environment of their own."""
