"""The history of our tables. `HEAD` is the newest revision: known without Alembic, which a start seldom needs."""

HEAD = "0003"
