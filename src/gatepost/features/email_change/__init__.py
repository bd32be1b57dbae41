"""Moving an account to another address."""
