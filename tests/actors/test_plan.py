"""The plan: what fits is shared out, what does not is refused in one line."""

import pytest

from actors import plan
from alphazero.config import schema
from alphazero.config import training as training_config


def config_for(num_actors=0, device="cpu"):
    config = schema.Config()
    config.selfplay.num_actors = num_actors
    config.training.device = training_config.Device(device)
    return config


@pytest.mark.parametrize(("cores", "actors"), [(1, 1), (2, 2), (8, 8)])
def test_a_private_cluster_gives_every_core_to_self_play(cores, actors):
    config = config_for()
    placements = plan.make_plan(config, plan.private_cpus(config, cores), gpus=0).placements
    assert placements["self-play"].count == actors


def test_a_shared_cluster_is_never_overbooked():
    config = config_for(device="auto")
    for cpus in range(2, 40):
        for gpus in (0, 1, 4):
            places = plan.make_plan(config, cpus, gpus).placements.values()
            assert sum(place.count * place.cpus for place in places) <= cpus + 1e-9
            assert sum(place.count * place.gpus for place in places) <= gpus + 1e-9


def test_the_learner_gets_a_gpu_where_there_is_one():
    assert plan.make_plan(config_for(device="auto"), 16, 1).placements["learner"].gpus == 0.5
    assert plan.make_plan(config_for(device="auto"), 16, 4).placements["learner"].gpus == 1
    assert plan.make_plan(config_for(device="cpu"), 16, 4).placements["learner"].gpus == 0


@pytest.mark.parametrize(
    ("config", "cpus", "words"),
    [
        (config_for(num_actors=9), 4, ["selfplay.num_actors=9", "4 CPUs", "at most 3"]),
        (config_for(), 1, ["selfplay.num_actors=auto", "1 CPUs", "at most 0"]),
        (config_for(device="cuda"), 8, ["training.device=cuda", "no GPU"]),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(config, cpus, words):
    with pytest.raises(ValueError) as error:
        plan.make_plan(config, cpus, gpus=0)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_the_text_names_every_actor():
    text = plan.make_plan(config_for(), 4, 0).text()
    assert text.count("\n") == 6 and "3 x self-play" in text
