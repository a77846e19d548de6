from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "core.outbox"
    label = "outbox"

    def ready(self) -> None:
        from core.audit import words
        from core.outbox import events, sending

        words.register(events.SENTENCES)
        sending.register_sweeps()
