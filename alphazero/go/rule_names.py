"""Names of rules in SGF files: the rule of repetition and suicide behind each."""

import re
from typing import NamedTuple

from alphazero.config import game as game_config

_KO = game_config.Ko
_KATAGO = re.compile(r"ko(simple|positional|situational).*?sui([01])")


class NamedRules(NamedTuple):
    """The rules that decide which moves are legal."""

    ko: game_config.Ko
    suicide: bool


_NAMED = {
    "tromptaylor": NamedRules(_KO.positional, True),
    "newzealand": NamedRules(_KO.situational, True),
    "nz": NamedRules(_KO.situational, True),
    "goe": NamedRules(_KO.positional, True),
    "ing": NamedRules(_KO.positional, True),
    "aga": NamedRules(_KO.situational, False),
    "bga": NamedRules(_KO.situational, False),
    "french": NamedRules(_KO.situational, False),
    "chinese": NamedRules(_KO.simple, False),
    "japanese": NamedRules(_KO.simple, False),
    "korean": NamedRules(_KO.simple, False),
}
UNKNOWN = NamedRules(_KO.simple, True)
"""Under these, every move is legal that is legal under any of the others."""


def read(name: str) -> NamedRules:
    """The rules of this name, the value of RU; `UNKNOWN` for other names.

    Names are those of the SGF standard and of KataGo (cpp/game/rules.cpp), whose written-out form, such as
    koSIMPLEscoreAREAtaxNONEsui0, `sgf.name_rules` writes too.
    """
    text = name.strip().lower()
    if match := _KATAGO.match(text):
        return NamedRules(_KO(match[1]), match[2] == "1")
    return _NAMED.get(re.sub(r"[^a-z]", "", text), UNKNOWN)
