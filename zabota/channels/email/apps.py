from django.apps import AppConfig


class EmailConfig(AppConfig):
    name = "zabota.channels.email"
    label = "email_channel"

    def ready(self) -> None:
        from zabota.channels.email.channel import EmailChannel
        from zabota.channels.email.fetching import ImapFetching
        from zabota.intake.registry import register
        from zabota.intake.sources import register_fetching

        register(EmailChannel())
        register_fetching(EmailChannel.kind, ImapFetching())
