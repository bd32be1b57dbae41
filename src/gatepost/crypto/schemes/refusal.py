"""Why a stored hash is not verified."""


class HashRefused(ValueError):
    """The text is no hash of a known scheme, or its verification would cost too much; the message never holds it."""
