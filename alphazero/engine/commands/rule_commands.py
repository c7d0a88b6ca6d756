"""GTP commands of KataGo that show or change the rules."""

import json
from collections.abc import Mapping, Sequence

from alphazero.config import game as game_config
from alphazero.engine import protocol, state
from alphazero.go import play, rules

_KO = game_config.Ko
_NAMED = {
    "tromp-taylor": state.Rules(_KO.positional, suicide=True),
    "chinese": state.Rules(_KO.simple),
    "chinese-ogs": state.Rules(_KO.positional),
    "chinese-kgs": state.Rules(_KO.positional),
    "aga": state.Rules(_KO.situational),
    "bga": state.Rules(_KO.situational),
    "new-zealand": state.Rules(_KO.situational, suicide=True),
}
"""Rules by KataGo's names. White gets no points for handicap stones under any of them."""
_FIXED = {"scoring": "AREA", "tax": "NONE", "hasButton": False}
"""Rules that cannot be changed."""
_HANDICAP_BONUS = "0"


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns `kata-get-rules` and `kata-set-rules`."""
    return {
        "kata-get-rules": lambda _: describe(session.rules),
        "kata-set-rules": lambda arguments: _change(session, arguments),
    }


def describe(chosen: state.Rules) -> str:
    """Formats the rules as KataGo's JSON."""
    text = {
        **_FIXED,
        "ko": chosen.ko.value.upper(),
        "suicide": chosen.suicide,
        "whiteHandicapBonus": _HANDICAP_BONUS,
    }
    return json.dumps(text, sort_keys=True, separators=(",", ":"))


def _change(session: state.State, arguments: Sequence[str]) -> str:
    """Changes the rules of the current game. Fails without a change if one of its moves becomes illegal."""
    text = " ".join(arguments)
    chosen = _NAMED.get(text.lower()) or _read(text)
    before, session.rules = session.rules, chosen
    try:
        session.game = _replayed(session)
    except ValueError:
        session.rules = before
        raise protocol.CommandError("the game so far is illegal under these rules") from None
    return ""


def _read(text: str) -> state.Rules:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, Mapping):
        known = ", ".join(_NAMED)
        raise protocol.CommandError(f"unsupported rules: {text[:40]!r}; known are KataGo's JSON and {known}")
    for name, value in _FIXED.items():
        if given.get(name, value) != value:
            raise protocol.CommandError(f"unsupported rules: {name} is {json.dumps(value)} here")
    suicide = given.get("suicide", False)
    try:
        ko = game_config.Ko(str(given.get("ko", "positional")).lower())
    except ValueError:
        raise protocol.CommandError("unsupported rules: ko is POSITIONAL, SITUATIONAL or SIMPLE") from None
    if not isinstance(suicide, bool):
        raise protocol.CommandError("unsupported rules: suicide is true or false")
    return state.Rules(ko, suicide)


def _replayed(session: state.State) -> play.Game:
    """Replays the game under the rules of the session."""
    old = session.game
    game = session.new_game(old.size, old.komi)
    black, white = (old.set_up_points(color) for color in (rules.BLACK, rules.WHITE))
    game.set_up(black, white, old.first_player)
    for color, action in old.moves:
        game.resume()
        game.play(action, color)
    if not old.is_over:
        game.resume()
    game.to_play = old.to_play
    return game
