"""Test of the mirror as an actor: at low priority, restarted after a kill, and last to finish."""

import sys

import pytest

from tests import private_world

SCRIPT = """
ray get-auth-token --generate > /dev/null
ray start --head --num-cpus=1 --object-store-memory=100000000 --disable-usage-stats \
    --include-dashboard=false > $HOME/start.log 2>&1 || {{ cat $HOME/start.log; exit 1; }}
{python} -m tests.actors.mirror_job $HOME
ray stop --force > /dev/null 2>&1
"""


@pytest.mark.ray
@private_world.needed
def test_a_mirror_that_is_killed_goes_on(tmp_path):
    private_world.run(SCRIPT.format(python=sys.executable), tmp_path, timeout_s=280)
