"""Test of a full disk: all writers wait, log it, and continue when there is space again."""

import json
import sys

import pytest
from tensorboard.backend.event_processing import event_accumulator

from tests import private_world
from tests.actors import full_disk_job

SCRIPT = """
mkdir $HOME/disk && mount -t tmpfs -o size=2m tmpfs $HOME/disk
{python} -m tests.actors.full_disk_job $HOME/disk 2> $HOME/said || {{ cat $HOME/said >&2; exit 1; }}
cp -r $HOME/disk/events $HOME/events
"""


@pytest.mark.slow
@private_world.needed
def test_all_writers_resume_after_a_full_disk(tmp_path):
    told = json.loads(private_world.run(SCRIPT.format(python=sys.executable), tmp_path, timeout_s=120))
    assert told["before"] == ["", True]
    assert "No space left" in told["full"][0] and told["full"][1] is False
    assert told["total"] == 1 and told["promotion"] == "No space left on device"
    assert told["after"] == ["", True] and told["steps"] == 40
    assert told["games"] == [game.game_id for game in full_disk_job.GAMES] and told["corruptions"] == 0
    assert told["promoted"] == [5]
    assert told["message"].endswith("job: found") and told["status"] == 140
    said = (tmp_path / "said").read_text()
    for words in (
        "games cannot be written, their actors keep them",
        "games can be written again",
        "step 40 was not saved",
        "events are not written for now",
        "events are written again",
        "status.json was not written",
    ):
        assert words in said
    assert said.count("log.txt cannot be written") == 1 and "Logging error" not in said
    events = event_accumulator.EventAccumulator(str(tmp_path / "events" / "loop"))
    events.Reload()
    assert [event.value for event in events.Scalars("learner/loss")][-1] == 3.0
