"""Slow, lenient reference for corrupt SGF collections: finds the complete games in a text."""

ROOTS = ("GM[1]", "FF[4]", "SZ[9]")


def games(text):
    """All balanced texts of games without variations that start with a root.

    Each start is read independently, so that the text before it has no effect.
    """
    found = []
    for start in range(len(text)):
        if text.startswith("(;", start) and text.startswith(ROOTS, start + 2):
            end = _end(text, start)
            if end is not None:
                found.append(text[start:end])
    return found


def _end(text, start):
    """End of a game without variations; None if it is not complete."""
    at, name = start + 2, ""
    while at < len(text):
        char = text[at]
        if char == "[":
            end = at + 1
            while end < len(text) and text[end] != "]":
                end += 2 if text[end] == "\\" else 1
            is_swallowed = "(;" in text[at:end]  # another game starts, so this one is truncated
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
