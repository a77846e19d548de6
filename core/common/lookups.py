"""Look-ups that Django lacks."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import CharField, Lookup

_CONSTANT = re.compile(r"[a-z0-9_]+")


@CharField.register_lookup
class ConstantIn(Lookup):  # type: ignore[type-arg]
    """`status__constant_in=(...)`: IN with the values written into the SQL, for constants of the code alone.

    SQLite uses a partial index only where the query repeats the index's condition literally; a bound
    parameter hides it. Raises ValueError for anything but lower-case words.
    """

    lookup_name = "constant_in"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        words = [str(word) for word in self.rhs]
        if not words or not all(_CONSTANT.fullmatch(word) for word in words):
            raise ValueError("Only constants such as status names can stand here.")
        lhs, params = self.process_lhs(compiler, connection)
        quoted = ", ".join(f"'{word}'" for word in words)
        return f"{lhs} IN ({quoted})", tuple(params)
