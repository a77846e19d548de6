from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "core.outbox"
    label = "outbox"

    def ready(self) -> None:
        from core.outbox import sending

        sending.register_sweep()
