"""What Django's own permission questions are answered with: the desk's roles."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from core.common.vocabulary import Role


class RoleBackend(BaseBackend):
    """Admins may do everything in Django's admin; nobody else asks there."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return bool(user_obj.is_active and Role.ADMIN in getattr(user_obj, "role_set", ()))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_perm(user_obj, app_label)
