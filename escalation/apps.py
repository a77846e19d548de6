from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "escalation"

    def ready(self) -> None:
        from core.audit import words
        from escalation import events

        words.register(events.SENTENCES)
