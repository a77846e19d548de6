from django.apps import AppConfig


class ServiceDeskConfig(AppConfig):
    name = "servicedesk"

    def ready(self) -> None:
        from servicedesk import live, my_work, navigation
        from worklog import my_work as registry

        registry.register(my_work.swaps_asked)
        navigation.show_live_incident(live.live_incident)
