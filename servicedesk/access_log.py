"""gunicorn's access log, without the secrets that stand in addresses."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from servicedesk.logs import without_secrets


class AccessLog(Logger):
    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The pieces of a line: the request's and the referring address too."""
        found = super().atoms(*args, **kwargs)
        return {
            name: without_secrets(part) if isinstance(part, str) else part for name, part in found.items()
        }
