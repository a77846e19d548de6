"""How often somebody may do something, counted in the shared cache. What is counted stands there as a hash."""

from __future__ import annotations

import ipaddress
import logging

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from core.common import clock

log = logging.getLogger(__name__)


def within(name: str, who: str, *, most: int, seconds: int) -> bool:
    """Count one more and say whether that is still among the `most` of this stretch of so many seconds.

    Stretches are fixed: the hour begins with the hour. Without the cache nothing is limited; what must not happen
    twice rests on the database.
    """
    stretch = int(clock.now().timestamp()) // seconds
    whose = salted_hmac("core.common.limits", who.casefold(), algorithm="sha256").hexdigest()[:32]
    key = f"limit:{name}:{whose}:{stretch}"
    try:
        cache.add(key, 0, timeout=seconds)
        return bool(cache.incr(key) <= most)
    except ValueError:  # it ran out between the two
        return True
    except Exception:  # the cache's own errors differ by its kind
        log.warning("limit_not_counted", extra={"limit": name}, exc_info=True)
        return True


def network(address: str) -> str:
    """Whose an address is: itself for IPv4, its /64 for IPv6, where one customer has all of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
