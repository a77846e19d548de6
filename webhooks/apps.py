from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from core.audit import words
        from core.outbox import relevance, settled, transports
        from core.timers import sweeps
        from webhooks import events, handlers, operations, sending, timers
        from webhooks.operations import delivering

        assert handlers  # importing it subscribes its handler
        words.register(events.SENTENCES)
        transports.register(delivering.TRANSPORT, sending.send)
        relevance.register(delivering.TOPIC, operations.delivering.why_not)
        settled.register(delivering.TOPIC, operations.ended)
        for sweep in timers.SWEEPS:
            sweeps.register(sweep)
