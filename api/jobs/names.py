"""Names that the workers and the migrations share; free of imports."""

QUEUE = "later"
APPLICATION = "khatam"
APPLICATION_VERSION = "1"
"""Fixed: work that was enqueued before an upgrade is done after it."""
CAPTURE_VALIDATION = "capture_validation"
SEND_MESSAGE = "send_message"
DBOS_TABLES = frozenset(
    {
        "dbos_migrations",
        "workflow_status",
        "workflow_input",
        "workflow_output",
        "operation_outputs",
        "notifications",
        "workflow_events",
        "workflow_events_history",
        "streams",
        "workflow_schedules",
        "application_versions",
        "queues",
    }
)
"""What DBOS takes in our database (a schema of its own on PostgreSQL). Ours avoid these names."""
