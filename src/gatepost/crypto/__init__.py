"""Recipes: the only code that touches cryptographic primitives. Passwords, signed tokens, sealed secrets."""
