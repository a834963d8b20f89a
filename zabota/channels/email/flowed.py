"""Text in `format=flowed` (RFC 3676) with its soft line breaks taken out."""


def unwrap_flowed(text: str, delete_space: bool = False) -> str:
    """Join lines that end in a space with the next of the same depth of quotation."""
    paragraphs: list[tuple[str, list[str]]] = []
    depth_before = -1  # of a line that is to be continued
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        shown = words[:-1] if flows and delete_space else words
        if depth == depth_before and words != "-- ":
            paragraphs[-1][1].append(shown)
        else:
            paragraphs.append((">" * depth + " " if depth else "", [shown]))
        depth_before = depth if flows else -1
    return "\n".join(marks + "".join(lines) for marks, lines in paragraphs)
