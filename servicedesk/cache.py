"""What is kept in Redis is JSON, so that reading it back can never run code."""

import json
from typing import Any


class JSONSerializer:
    """Serializer for Django's Redis cache. Whole numbers stay bare, so that Redis can count with them."""

    def dumps(self, value: Any) -> int | bytes:
        if type(value) is int:
            return value
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
