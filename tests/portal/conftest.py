from tests.tickets.conftest import desk, max_

__all__ = ["desk", "max_"]
