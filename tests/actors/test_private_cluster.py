"""Test that only a run's own processes control its private cluster, although others reach its ports."""

import json
import sys

import pytest

from tests import private_world, tiny_run

# The strangers have another home folder: they only lack the token.
SCRIPT = """
unset RAY_AUTH_MODE
mkdir $HOME/stranger
export TMPDIR=/tmp
{python} -m alphazero.run {words} run.dir=$HOME/run cluster=private > $HOME/out.log 2>&1 &
driver=$!
for second in $(seq 60); do
    port=$(ss -Hltnp | sed -n 's/.*:\\([0-9]*\\) .*"gcs_server".*/\\1/p' | head -1)
    [ -z "$port" ] || break
    sleep 1
done
cat /proc/$(pgrep -n gcs_server)/environ | tr '\\0' '\\n' | sed -n 's/^RAY_AUTH_TOKEN=//p' > $HOME/token
join() {{ {python} -c "import ray; ray.init(address='127.0.0.1:$port', logging_level=40); print('joined')"; }}
HOME=$HOME/stranger join > $HOME/stranger.log 2>&1 || true
RAY_AUTH_MODE=token RAY_AUTH_TOKEN=$(cat $HOME/token) join > $HOME/friend.log 2>&1
until grep -q '"games": [1-9]' $HOME/run/status.json; do sleep 1; done
grep -rl -f $HOME/token $HOME/run $HOME/out.log /tmp/alphazero-0 > $HOME/told.log || true
ls -d /tmp/alphazero-0/ray/session_latest/logs > $HOME/session.log
kill -INT $driver
wait $driver || true
ls -A $HOME/.ray > $HOME/left.log 2>&1 || true
"""


@pytest.mark.ray
@private_world.needed
def test_strangers_stay_outside(tmp_path):
    script = SCRIPT.format(python=sys.executable, words=" ".join(tiny_run.WORDS))
    private_world.run(script, tmp_path, timeout_s=280)

    def read(name):
        return (tmp_path / name).read_text()

    assert len(read("token").strip()) == 64
    assert "joined" in read("friend.log"), "a process with the token cannot join"
    assert "InvalidAuthToken" in read("stranger.log") and "joined" not in read("stranger.log")
    assert "session_latest" in read("session.log"), "the search for the token found no files"
    assert read("told.log") == "", "the token is in a file"
    assert "No such file" in read("left.log"), "a token in ~/.ray changes what other clusters require"
    assert "Token authentication" not in read("out.log")
    assert json.loads(read("run/status.json"))["games"] > 0
