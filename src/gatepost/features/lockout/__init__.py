"""The mail to the owner of an account that failures have locked."""
