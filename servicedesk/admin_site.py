"""Django's admin, for rarely changed data: open to whoever the desk's own permissions let in."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from core.accounts.permissions import Permission, can


class DeskAdminSite(AdminSite):
    site_header = site_title = "Service desk administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked per request, so that a role that was taken away ends here at once."""
        return request.user.is_active and can(request.actor, Permission.MANAGE_DATA)  # type: ignore[attr-defined]
