"""Where online states are kept: SQLite, Redis or PostgreSQL, each with a write that never goes back in time."""
