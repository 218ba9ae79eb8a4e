"""How Alembic runs here: on a connection given by `api.migrations.history`, never on its own."""

from alembic import context

from api.migrations.history import compared, metadata, rendered

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    include_object=compared,
    render_as_batch=True,
    render_item=rendered,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
