"""What a file is called, and what its name says it is."""

import mimetypes
import re

from zabota.core.text import clean_line

DEFAULT_NAMES = {
    "application/ms-tnef": "winmail.dat",
    "application/pdf": "document.pdf",
    "application/pgp-encrypted": "version.asc",
    "application/pgp-keys": "key.asc",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-signature": "smime.p7s",
    "image/gif": "picture.gif",
    "image/jpeg": "picture.jpg",
    "image/png": "picture.png",
    "image/webp": "picture.webp",
    "message/delivery-status": "delivery-status.txt",
    "message/external-body": "elsewhere.txt",
    "message/partial": "part.eml",
    "text/calendar": "invitation.ics",
    "text/csv": "table.csv",
    "text/html": "page.html",
    "text/plain": "text.txt",
    "text/rfc822-headers": "headers.txt",
    "text/vcard": "contact.vcf",
}
_LONGEST_NAME = 150
_SEPARATORS = re.compile(r"[\\/]+")
_TYPES = mimetypes.MimeTypes()  # not the machine's, so that it is the same everywhere
_TYPES.add_type("image/webp", ".webp")
_TYPES.add_type("message/rfc822", ".eml")
_TYPES.add_type("text/calendar", ".ics")


def guess_type(name: str) -> str:
    """The kind of a file that came without one."""
    return _TYPES.guess_type(name, strict=False)[0] or "application/octet-stream"


def clean_file_name(name: str) -> str:
    """A file's name without a path, short enough for any disk, "" if nothing is left."""
    name = clean_line(_SEPARATORS.sub("_", name), 5000).strip("._ ")
    stem, dot, ending = name.rpartition(".")
    if len(name) <= _LONGEST_NAME or not dot or len(ending) > 10:
        return name[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - 1 - len(ending)]}.{ending}"
