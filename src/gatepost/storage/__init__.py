"""Where things are kept: our own tables on SQLite or PostgreSQL, and the two ways to reach them.

Flows that a host's listener may join run in a unit of work (an SQLAlchemy transaction). What is hot (sessions,
budgets, the change feed) runs its compiled statements straight on the driver (`Database.hot`).
"""
