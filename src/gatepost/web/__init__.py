"""What speaks HTTP for features and host applications alike: the guard, cookies, origins, errors."""
