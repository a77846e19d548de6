from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    default_site = "servicedesk.admin_site.DeskAdminSite"
