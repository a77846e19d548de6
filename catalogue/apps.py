from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "catalogue"

    def ready(self) -> None:
        from catalogue import events
        from core.audit import words

        words.register(events.SENTENCES)
