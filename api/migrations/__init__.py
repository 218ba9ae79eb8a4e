"""The one history of the database: Alembic, SQLite and PostgreSQL alike. DBOS keeps its own tables itself."""
