"""What the mail channel offers an inbox that fetches: looking at a server, and signing in there."""

from collections.abc import Mapping

from zabota.channels.email import oauth
from zabota.channels.email.imap import open_mailbox
from zabota.channels.email.signing_in import Login
from zabota.intake.sources import After, Finding, Secret, Source, SourceTrouble, Trouble

TEST_TIMEOUT = 10.0


class ImapFetching:
    """Implements `intake.sources.Fetching`."""

    providers: Mapping[str, str] = oauth.PEOPLE_CALL

    def test(self, source: Source, secret: Secret) -> Finding:
        """Go there and look; never raises for anything that is wrong there.

        A secret that becomes another one is not kept: the one there is stays good.
        """
        folders: tuple[str, ...] = ()
        try:
            login = Login(source, secret)
            login.prepare()
            with open_mailbox(source, login, timeout=TEST_TIMEOUT) as box:
                folders = box.folders()
                box.open_folder()
                if source.after == After.MOVE and source.move_to not in folders:
                    return Finding(Trouble.FOLDER, source.move_to, folders)
                return Finding(folders=folders, waiting=box.count)
        except SourceTrouble as trouble:
            return Finding(trouble.kind, trouble.said, folders)

    def is_known(self, provider: str) -> bool:
        return bool(oauth.provider_of(provider).client_id)

    def consent_url(self, source: Source, back: str, state: str, verifier: str) -> str:
        return oauth.consent_url(source.provider, source.user, back, state, verifier)

    def exchange(self, source: Source, back: str, code: str, verifier: str) -> Secret:
        return oauth.exchange(source.provider, back, code, verifier)
