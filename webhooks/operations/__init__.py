"""The only writers of webhooks: `managing` for people, `delivering` for what happens on the way."""

from webhooks.operations.delivering import (
    attempted,
    ended,
    forget,
    redeliver,
    redeliver_dead,
    release,
    skip,
    tell,
)
from webhooks.operations.managing import Made, create, edit, remove, rotate_secret, switch, test

__all__ = [
    "Made", "attempted", "create", "edit", "ended", "forget", "redeliver",
    "redeliver_dead", "release", "remove", "rotate_secret", "skip",
    "switch", "tell", "test",
]  # fmt: skip
