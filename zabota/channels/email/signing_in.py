"""Signing in to a mail server: by password, or by a token a provider gives for us."""

import imaplib
from collections.abc import Callable
from typing import Any

from zabota.channels.email.oauth import AccessTokens
from zabota.core.sealing import Unsealable
from zabota.intake.models import Inbox
from zabota.intake.sources import Secret, Source, SourceTrouble, Trouble

Renew = Callable[[Secret], object]


class Login:
    """Gets one source's doors opened; `renew` is told when the secret has become another."""

    def __init__(self, source: Source, secret: Secret, renew: Renew = lambda _secret: None) -> None:
        self.source, self.secret, self._renew = source, secret, renew
        self.tokens = AccessTokens(source.provider) if source.provider else None

    def prepare(self) -> None:
        """Get a token, if it takes one, before anybody is waiting. Raises `SourceTrouble`."""
        if self.tokens:
            self._token(self.tokens)
        elif not self.secret.password:
            raise SourceTrouble(Trouble.SIGN_IN, "no password was given")

    def _token(self, tokens: AccessTokens) -> str:
        if not self.secret.refresh_token:
            raise SourceTrouble(Trouble.CONSENT, "not connected yet")
        token, secret = tokens.get(self.secret)
        if secret != self.secret:
            self.secret = secret
            self._renew(secret)
        return token

    def __call__(self, client: imaplib.IMAP4) -> Any:
        """Sign in. Raises what imaplib raises, and `SourceTrouble`."""
        if self.tokens is None:
            return self._by_password(client)
        try:
            return self._by_token(client, self._token(self.tokens))
        except imaplib.IMAP4.error:
            self.tokens.forget()
            raise

    def _by_password(self, client: imaplib.IMAP4) -> Any:
        user, password = self.source.user, self.secret.password
        plain = f"\0{user}\0{password}".encode()
        if "AUTH=PLAIN" in client.capabilities:  # LOGIN has no words for what is not ASCII
            return client.authenticate("PLAIN", lambda _challenge: plain)
        return client.login(f'"{_quoted(user)}"', password)

    def _by_token(self, client: imaplib.IMAP4, token: str) -> Any:
        """https://developers.google.com/gmail/imap/xoauth2-protocol: a refusal is a challenge, too,
        and its answer is empty."""
        words = f"user={self.source.user}\1auth=Bearer {token}\1\1".encode()
        return client.authenticate("XOAUTH2", lambda challenge: b"" if challenge else words)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def open_secret(inbox: Inbox) -> Secret:
    """The inbox's secret. Raises `SourceTrouble` if it was sealed with another key."""
    try:
        return Secret.opened(inbox.secret)
    except Unsealable as error:
        raise SourceTrouble(Trouble.SECRET, str(error)) from error
