"""What every feature may use: users, credentials, sessions, changes, login, throttle, roles, keys, outbox, audit."""
