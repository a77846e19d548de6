from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "core.accounts"
    label = "accounts"

    def ready(self) -> None:
        from core.accounts import events, idempotency
        from core.audit import words
        from core.timers import sweeps

        words.register(events.SENTENCES)
        sweeps.register(idempotency.SWEEP)
