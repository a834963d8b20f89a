"""What each variable of the environment means, for the table in docs/reference/settings.md."""

# What each variable means. The names and defaults come from the code; one that lacks a meaning
# here, or has one and is gone from the code, is an error.
MEANINGS = {
    "DATABASE_URL": "`postgresql://user:password@host/name`, PostgreSQL 15 or later; "
    "empty: the embedded one in the data directory",
    "ZABOTA_ALLOWED_HOSTS": "host names the pages answer to, separated by commas; "
    "this machine's own and that of `ZABOTA_PUBLIC_URL` always count",
    "ZABOTA_ALLOW_LOOPBACK": "`1`: pictures may come from this machine itself; development only",
    "ZABOTA_AUTHSERV_ID": "the name under which your mail server in front writes "
    "`Authentication-Results`; it is believed who speaks, for mail by LMTP and IMAP; empty: nobody",
    "ZABOTA_BEHIND_PROXY": "`1`: trust `X-Forwarded-…` headers of a proxy in front",
    "ZABOTA_BRAKE": "`300/50`: automatic letters a minute, and letters to one address in ten "
    "minutes, beyond which nothing is sent until a supervisor releases it; `off`: never",
    "ZABOTA_DATA_DIR": "where the desk keeps everything: database, files, secret",
    "ZABOTA_DEBUG": "`1`: development; errors are shown in full, `/style` is served",
    "ZABOTA_DKIM_DOMAIN": "domain of the key in `ZABOTA_DKIM_KEY`; empty: that of each sender",
    "ZABOTA_DKIM_KEY": "file with an RSA key (PEM) to sign outgoing mail with; empty: those of "
    "`zabota dkim`",
    "ZABOTA_DKIM_SELECTOR": "selector of that key",
    "ZABOTA_DNS": "`host:port` to ask about senders (SPF, DKIM, DMARC); empty: the machine's own; "
    "`off`: nothing is checked",
    "ZABOTA_END_WITH_PARENT": "`1`: stop when the process that started the desk is gone; "
    "`make run` sets it",
    "ZABOTA_FILES": "`s3://bucket/prefix?endpoint=https://…&region=…`: keep attachments and large "
    "mails there, with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; empty: in the data folder",
    "ZABOTA_GOOGLE_AUTHORIZE_URL": "where administrators let an IMAP inbox in at Google",
    "ZABOTA_GOOGLE_CLIENT_ID": "who this installation is at Google, for IMAP without a password",
    "ZABOTA_GOOGLE_CLIENT_SECRET": "the secret that belongs to it",
    "ZABOTA_GOOGLE_TOKEN_URL": "where Google gives tokens",
    "ZABOTA_HOST": "address to listen at",
    "ZABOTA_IMAP_PASSWORD": "the password for `zabota inbox add --imap`",
    "ZABOTA_LANGUAGE": "`en` or `ru`: where neither the agent nor the browser says; and of the "
    "first brand",
    "ZABOTA_LISTEN_DATABASE_URL": "a direct connection for LISTEN where `DATABASE_URL` goes "
    "through PgBouncer; empty: the same",
    "ZABOTA_LMTP_PORT": "port to take mail in at by LMTP, too",
    "ZABOTA_LMTP_SOCKET": "Unix socket to take mail in at by LMTP, too",
    "ZABOTA_LOG_FORMAT": "`text` or `json`: one object a line",
    "ZABOTA_LOG_LEVEL": "of Zabota's own lines: `DEBUG`, `INFO`, `WARNING`, `ERROR`",
    "ZABOTA_MAIL_IN_FLIGHT": "megabytes that all mails just arriving may hold together; beyond it "
    "senders are told to come again",
    "ZABOTA_MAIL_SIZE": "megabytes one mail may have",
    "ZABOTA_METRICS_FROM": "addresses and networks that may read `/metrics` without a token, "
    "separated by commas",
    "ZABOTA_METRICS_TOKEN": "who sends it (`Authorization: Bearer …`) may read `/metrics` from "
    "anywhere",
    "ZABOTA_MICROSOFT_AUTHORIZE_URL": "where administrators let an IMAP inbox in at Microsoft; "
    "empty: made from the tenant",
    "ZABOTA_MICROSOFT_CLIENT_ID": "who this installation is at Microsoft, for IMAP without a "
    "password",
    "ZABOTA_MICROSOFT_CLIENT_SECRET": "the secret that belongs to it",
    "ZABOTA_MICROSOFT_TENANT": "the directory (tenant) id at Microsoft",
    "ZABOTA_MICROSOFT_TOKEN_URL": "where Microsoft gives tokens; empty: made from the tenant",
    "ZABOTA_OUTGOING_MAIL": "`smtp://user:password@host:port` or `smtps://…`; "
    "empty: outgoing mail waits in the outbox",
    "ZABOTA_PORT": "port of the pages and the API",
    "ZABOTA_PUBLIC_URL": "how browsers reach the desk, `https://desk.example`; "
    "with `https` cookies are sent over TLS only",
    "ZABOTA_SECRET_KEY": "signs sessions and reply addresses; "
    "empty: made once, in `secret.key` in the data directory",
    "ZABOTA_SMTP_CERT": "certificate (PEM, with its chain) for STARTTLS at the mail listener; "
    "read again when it changes; empty: no TLS",
    "ZABOTA_SMTP_KEY": "its key; empty: in the same file",
    "ZABOTA_SMTP_PORT": "port of the mail listener",
    "ZABOTA_TIME_ZONE": "`Europe/Moscow`: where neither the agent nor the browser says; "
    "empty: the machine's own",
}
