from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from core.audit import words
        from core.search import index
        from customers import events, queries

        words.register(events.SENTENCES)
        index.register_organisations(queries.organisations_seen_whole)
