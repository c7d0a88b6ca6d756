"""Slow and lenient reading of damaged SGF collections: which whole games are in a text."""

ROOTS = ("GM[1]", "FF[4]", "SZ[9]")


def games(text):
    """All texts without variations that start with a root and are balanced.

    Each start is read by itself, so that nothing before it matters.
    """
    found = []
    for start in range(len(text)):
        if text.startswith("(;", start) and text.startswith(ROOTS, start + 2):
            end = _end(text, start)
            if end is not None:
                found.append(text[start:end])
    return found


def _end(text, start):
    """Where a game without variations ends; None where it is not whole."""
    at, name = start + 2, ""
    while at < len(text):
        char = text[at]
        if char == "[":
            end = at + 1
            while end < len(text) and text[end] != "]":
                end += 2 if text[end] == "\\" else 1
            is_swallowed = "(;" in text[at:end]  # the start of another game: this one broke off
            if end >= len(text) or not name or is_swallowed:
                return None
            at, name = end + 1, name if text[end + 1 : end + 2] == "[" else ""
        elif char == ")":
            return at + 1 if not name else None
        elif char.isupper():
            name += char
            at += 1
        elif char in ";\n" and not name:
            at += 1
        else:
            return None
    return None
