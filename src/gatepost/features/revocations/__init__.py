"""The stream of revocations, and what this authorization server says of itself."""
