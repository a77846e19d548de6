from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from core.search import index
        from customers import queries

        index.register_organisations(queries.organisations_seen_whole)
