"""Test of the answers of ranks to the learner that drives them."""

import pickle

from actors import learner_rank
from tests.training import batches


def test_only_the_first_rank_sends_its_state_and_network():
    first, second = (learner_rank.LearnerRank(batches.make_config()) for _ in range(2))
    for number, rank in enumerate((first, second)):
        rank.join("", number)
        rank.train([batches.make_batch()], progress=0)
    state, network = first.state(), first.candidate()
    assert state is not None
    assert len(pickle.dumps(state)) > 10_000 and len(pickle.dumps(network)) > 10_000
    assert second.state() is None and second.candidate() is None
    second.load_state(state)
    assert second._learner.step == 1
