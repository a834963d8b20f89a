"""Signing in to mail servers without a password: OAuth 2.0 (RFC 6749, 7636) and XOAUTH2.

An administrator lets us in once on the provider's own page; the refresh token we get for it is kept
sealed and buys access tokens of an hour. Who we are to the provider is set by variables.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from zabota.core import clock
from zabota.core.text import clean_line
from zabota.intake.sources import Secret, SourceTrouble, Trouble

TIMEOUT = 20.0
EARLY = timedelta(minutes=5)  # a new access token before the old one ends
PEOPLE_CALL = {"google": "Google", "microsoft": "Microsoft"}


@dataclass(frozen=True, slots=True)
class Provider:
    """Where to ask, who we are there, what for. Without `client_id` nobody can be asked."""

    authorize_url: str
    token_url: str
    scope: str
    client_id: str
    client_secret: str
    extra: tuple[tuple[str, str], ...] = ()


def provider_of(name: str) -> Provider:
    """The provider of this name. Raises `KeyError`."""
    return {"google": _google, "microsoft": _microsoft}[name]()


def _google() -> Provider:
    """https://developers.google.com/identity/protocols/oauth2/web-server"""
    get = os.environ.get
    return Provider(
        get("ZABOTA_GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
        get("ZABOTA_GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token"),
        "https://mail.google.com/",
        get("ZABOTA_GOOGLE_CLIENT_ID", ""),
        get("ZABOTA_GOOGLE_CLIENT_SECRET", ""),
        (("access_type", "offline"), ("prompt", "consent")),
    )


def _microsoft() -> Provider:
    """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow"""
    get = os.environ.get
    tenant = get("ZABOTA_MICROSOFT_TENANT", "organizations")
    base = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
    return Provider(
        get("ZABOTA_MICROSOFT_AUTHORIZE_URL", "") or f"{base}/authorize",
        get("ZABOTA_MICROSOFT_TOKEN_URL", "") or f"{base}/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        get("ZABOTA_MICROSOFT_CLIENT_ID", ""),
        get("ZABOTA_MICROSOFT_CLIENT_SECRET", ""),
        (("response_mode", "query"),),
    )


def consent_url(name: str, user: str, back: str, state: str, verifier: str) -> str:
    """The provider's page where `user` lets us in. `verifier` is the PKCE secret (RFC 7636)."""
    provider = provider_of(name)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": provider.client_id,
        "redirect_uri": back,
        "response_type": "code",
        "scope": provider.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "login_hint": user,
        **dict(provider.extra),
    }
    return f"{provider.authorize_url}?{urlencode(query)}"


def exchange(name: str, back: str, code: str, verifier: str) -> Secret:
    """The refresh token for a code. Raises `SourceTrouble`."""
    said = _ask(
        provider_of(name),
        grant_type="authorization_code",
        code=code,
        redirect_uri=back,
        code_verifier=verifier,
    )
    token = str(said.get("refresh_token") or "")
    if not token:
        raise SourceTrouble(Trouble.CONSENT, "no refresh_token was given")
    return Secret(refresh_token=token, ends_at=_ends_at(said))


class AccessTokens:
    """Access tokens of one inbox, each used until shortly before its end."""

    def __init__(self, name: str) -> None:
        self.provider = provider_of(name)
        self._token, self._until = "", clock.now()

    def get(self, secret: Secret) -> tuple[str, Secret]:
        """A token that is good now, and the secret to keep. Raises `SourceTrouble`."""
        if self._token and clock.now() < self._until - EARLY:
            return self._token, secret
        said = _ask(
            self.provider,
            grant_type="refresh_token",
            refresh_token=secret.refresh_token,
            scope=self.provider.scope,
        )
        self._token = str(said.get("access_token") or "")
        if not self._token:
            raise SourceTrouble(Trouble.PROVIDER, "no access_token was given")
        self._until = clock.now() + timedelta(seconds=_seconds(said.get("expires_in")) or 3600)
        return self._token, _renewed(secret, said)

    def forget(self) -> None:
        """The mail server did not take it: get another one next time."""
        self._token = ""


def _renewed(secret: Secret, said: Mapping[str, Any]) -> Secret:
    """Microsoft gives a new refresh token each time; Google's stays."""
    token = str(said.get("refresh_token") or "") or secret.refresh_token
    ends_at = _ends_at(said) or (secret.ends_at if token == secret.refresh_token else None)
    return Secret(refresh_token=token, ends_at=ends_at)


def _ends_at(said: Mapping[str, Any]) -> datetime | None:
    """Google says so where permission is for a time, or the application is still being tested."""
    seconds = _seconds(said.get("refresh_token_expires_in"))
    return (clock.now() + timedelta(seconds=seconds)).replace(microsecond=0) if seconds else None


def _seconds(value: object) -> int:
    try:
        return min(int(str(value or 0)), 10 * 365 * 86400)
    except ValueError:
        return 0


def _ask(provider: Provider, **form: str) -> Mapping[str, Any]:
    import httpx  # where nobody signs in so, it takes no memory

    if not provider.client_id:
        raise SourceTrouble(Trouble.CLIENT, "no client id is set")
    form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    try:
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            answer = client.post(provider.token_url, data=form)
            said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SourceTrouble(Trouble.PROVIDER, type(error).__name__) from error
    if answer.is_success and isinstance(said, dict):
        return said
    raise _refused(answer.status_code, said if isinstance(said, dict) else {})


def _refused(status: int, said: Mapping[str, Any]) -> SourceTrouble:
    """RFC 6749 §5.2. What the provider describes may name the account: only its code is kept."""
    code = clean_line(str(said.get("error") or status), 80)
    kinds = {
        "invalid_grant": Trouble.CONSENT,
        "interaction_required": Trouble.CONSENT,
        "consent_required": Trouble.CONSENT,
        "invalid_client": Trouble.CLIENT,
        "unauthorized_client": Trouble.CLIENT,
    }
    return SourceTrouble(kinds.get(code, Trouble.PROVIDER), code)
