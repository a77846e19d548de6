from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "core.accounts"
    label = "accounts"

    def ready(self) -> None:
        from core.accounts import idempotency
        from core.timers import sweeps

        sweeps.register(idempotency.SWEEP)
