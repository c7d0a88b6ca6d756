"""Names of rules in SGF files."""

import pytest

from alphazero.config import game as game_config
from alphazero.go import rule_names, sgf

KO = game_config.Ko


@pytest.mark.parametrize(
    ("name", "ko", "suicide"),
    [
        ("Chinese", KO.simple, False),
        (" japanese ", KO.simple, False),
        ("Tromp-Taylor", KO.positional, True),
        ("tromp taylor", KO.positional, True),
        ("AGA", KO.situational, False),
        ("New Zealand", KO.situational, True),
        ("NZ", KO.situational, True),
        ("koSIMPLEscoreAREAtaxNONEsui1", KO.simple, True),
        ("koPOSITIONALscoreAREAtaxNONEsui0button1", KO.positional, False),
        ("", KO.simple, True),
        ("House", KO.simple, True),
    ],
)
def test_names(name, ko, suicide):
    assert rule_names.read(name) == (ko, suicide)


@pytest.mark.parametrize("ko", [KO.situational, KO.simple])
@pytest.mark.parametrize("suicide", [False, True])
def test_our_own_names_are_read(ko, suicide):
    config = game_config.GameConfig(ko=ko, suicide=suicide)
    assert rule_names.read(sgf.name_rules(config)) == (ko, suicide)
