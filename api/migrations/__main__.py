"""`python -m api.migrations "What changes"`: draft the next revision from what the tables in the code say now.

The draft is read and completed by a person: data, and the triggers of new append-only tables
(`pki.journal.append_only.append_only_statements`), are not in it.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from api.migrations.history import configuration, upgrade
from pki.records import Records


def main() -> None:
    """Migrate an empty database to the head, compare, write the draft into `versions/`."""
    with tempfile.TemporaryDirectory() as folder:
        records = Records.open(f"sqlite+pysqlite:///{Path(folder) / 'records.sqlite'}")
        upgrade(records)
        number = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py"))) + 1
        with records.writing_engine.connect() as connection:
            command.revision(configuration(connection), message=sys.argv[1], autogenerate=True, rev_id=f"{number:04}")
        records.close()


if __name__ == "__main__":
    main()
