"""Plain text out of clean HTML, with quotations marked `> ` as in plain mail."""

import re
from html import unescape

# The spelling of `core.html.clean_html`: no `<` or `>` but in tags, all attributes in quotes.
_TOKEN = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z-]+="[^"]*")*)>|([^<]+)')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")

_BLOCKS = {"address", "caption", "center", "dd", "div", "dt", "li", "tr"}
_APART = {"dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
# Gmail and Outlook write this for "indent more"; everybody else means a quotation.
_INDENT = "border:none"
_LONGEST_LINK = 200
_DEEPEST_QUOTE = 10  # marks on every line must not make a page a hundred times as long


def html_to_text(clean: str) -> str:
    """Return what a page from `clean_html` says, line by line."""
    writer = _Writer()
    for slash, tag, attributes, words in _TOKEN.findall(clean):
        if words:
            writer.say(unescape(words))
        elif slash:
            writer.close(tag)
        else:
            writer.open(tag, dict(_ATTRIBUTE.findall(attributes)) if attributes else {})
    writer.end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(writer.lines)).strip("\n")


class _Writer:
    """Lines under construction."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.quotes: list[bool] = []
        self.preformatted = 0
        self.link = ""

    def say(self, words: str) -> None:
        if self.preformatted:
            *whole, words = words.split("\n")
            for line in whole:
                self.line += line
                self.end_line(even_if_empty=True)
        else:
            words = _SPACES.sub(" ", words)
            words = words if self.line[-1:].strip() else words.lstrip(" ")
        self.line += words

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        self._break(tag)
        match tag:
            case "br":
                self.end_line(even_if_empty=True)
            case "blockquote":
                self.quotes.append(_INDENT not in attributes.get("style", ""))
            case "li":
                self.line = "- "
            case "td" | "th":
                self.say(" ")
            case "hr":
                self.say("_" * 20)
                self.end_line()
            case "img" if attributes.get("alt", "").strip():
                self.say(f"[{unescape(attributes['alt'])}]")
            case "pre":
                self.preformatted += 1
            case "a":
                self.link = unescape(attributes.get("href", "")).strip()

    def close(self, tag: str) -> None:
        if tag == "a":
            self._name_link()
        elif tag == "blockquote" and self.quotes:
            self.end_line()
            self.quotes.pop()
        self._break(tag)
        if tag == "pre":
            self.preformatted = max(0, self.preformatted - 1)

    def _break(self, tag: str) -> None:
        if tag in _APART or tag == "blockquote":
            self._blank_line()
        elif tag in _BLOCKS or tag == "hr":
            self.end_line()

    def _name_link(self) -> None:
        """Say where a link leads, unless its words do or nobody could read it."""
        address = self.link.partition("://")[2].rstrip("/")
        said = self.line[-_LONGEST_LINK - 20 :]
        if 0 < len(address) <= _LONGEST_LINK and said.strip("- ") and address not in said:
            self.line += f" ({self.link})"
        self.link = ""

    def end_line(self, *, even_if_empty: bool = False) -> None:
        line = self.line.rstrip() if self.preformatted else self.line.strip()
        if line or even_if_empty:
            self.lines.append(self._prefix() + line)
        self.line = ""

    def _blank_line(self) -> None:
        self.end_line()
        if self.lines:
            if self.lines[-1].strip("> "):
                self.lines.append("")
            self.lines[-1] = self._prefix().rstrip()

    def _prefix(self) -> str:
        depth = min(sum(self.quotes), _DEEPEST_QUOTE)
        return ">" * depth + " " if depth else ""
