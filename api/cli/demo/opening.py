"""The world as it is when an installation was just made: its first officer, a second one, the platform."""

import json

from .acts import Playbill
from .clients import Client, platform_token
from .stage import Stage
from .story import World


def open_world(stage: Stage, bill: Playbill) -> World:
    """Log in with what `khatam init` left, and appoint the second officer. The service runs."""
    credentials = json.loads((stage.data / "secrets" / "first-credentials.json").read_text(encoding="utf-8"))
    first = Client(stage.url, credentials["officer"]["token"])
    second = first.post("/v1/officers", {"name": "Second officer", "role": "central"})
    client = credentials["client"]
    return World(
        stage=stage,
        bill=bill,
        officer=first,
        second_officer=Client(stage.url, second["token"]),
        platform=Client(stage.url, platform_token(stage.url, client["client_id"], client["client_secret"])),
        public=Client(stage.url),
    )
