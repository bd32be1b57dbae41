"""API keys: how a program acts for a user without a sign-in."""
