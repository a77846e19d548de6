from django.apps import AppConfig


class ServiceDeskConfig(AppConfig):
    name = "servicedesk"

    def ready(self) -> None:
        from servicedesk import live, navigation

        navigation.show_live_incident(live.live_incident)
