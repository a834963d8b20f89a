from django.apps import AppConfig


class EmailConfig(AppConfig):
    name = "zabota.channels.email"
    label = "email_channel"

    def ready(self) -> None:
        from zabota.channels.email.channel import EmailChannel
        from zabota.intake.registry import register

        register(EmailChannel())
