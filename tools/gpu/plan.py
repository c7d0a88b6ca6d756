"""Sections of `make gpu-check`, their order and their time limits."""

from typing import NamedTuple

TOTAL_S = 470.0
"""Time of all sections; with the time between them, eight minutes."""


class Section(NamedTuple):
    """A part of the check, which runs in a separate process."""

    kind: str  # a key of `tools.gpu.section.KINDS`
    bound_s: float  # time limit, plus the time that earlier sections left over
    net: str = ""  # such as b10c128
    size: int = 0  # of the board

    @property
    def name(self) -> str:
        """Name, such as "backends b10c128 9x9"."""
        board = f"{self.size}x{self.size}" if self.size else ""
        return " ".join(word for word in (self.kind, self.net, board) if word)


class Form(NamedTuple):
    """A whole check."""

    sections: tuple[Section, ...]
    seconds: float  # approximate, for each rate
    batches: tuple[int, ...]  # batch sizes of inference
    compiled_batches: tuple[int, ...]  # batch sizes of inference with torch.compile
    num_games: int  # of self-play, advanced together
    num_simulations: int  # for each move of self-play
    batch_sizes: tuple[int, ...]  # of the learner
    loop_minutes: float
    loop: tuple[str, ...]  # settings of the loop besides device, folder and minutes

    def section(self, name: str) -> Section:
        """The section of this name."""
        return next(section for section in self.sections if section.name == name)

    def of_kind(self, kind: str) -> list[Section]:
        """All sections of this kind."""
        return [section for section in self.sections if section.kind == kind]


FULL = Form(
    sections=(
        Section("machine", 20),
        Section("kernels", 50),
        Section("tests", 25),
        Section("backends", 20, "b4c32", 9),
        Section("backends", 20, "b10c128", 9),
        Section("backends", 20, "b10c128", 19),
        Section("backends", 25, "b20c256", 19),
        Section("selfplay", 30, "b10c128", 9),
        Section("selfplay", 30, "b10c128", 19),
        Section("learner", 17, "b10c128", 9),
        Section("learner", 20, "b20c256", 19),
        Section("ranks", 35, "b10c128", 9),
        # torch.compile takes tens of seconds for each shape; this section gets the time that is left over.
        Section("compiled", 25),
        Section("loop", 132),
    ),
    seconds=0.6,
    batches=(64, 256, 1024, 4096),
    compiled_batches=(1024,),
    num_games=512,
    num_simulations=32,
    batch_sizes=(256, 1024),
    loop_minutes=2.0,
    loop=(
        "conf=9x9",
        "selfplay.num_games=256",
        "selfplay.opening_policy_plies=2",
        "search.num_simulations=16",
        "training.min_positions=2000",
        "training.publish_steps=50",
        "training.checkpoint_steps=50",
        "gate=winrate",
        "gate.every_steps=50",
        "gate.num_games=20",
        "gate.num_simulations=8",
        "gate.threshold=0",
        "stop.promotions=null",
    ),
)

SHORT = Form(
    sections=(
        Section("machine", 30),
        Section("kernels", 110),
        Section("tests", 60),
        Section("backends", 40, "b1c8", 9),
        Section("selfplay", 40, "b1c8", 9),
        Section("learner", 30, "b1c8", 9),
        Section("ranks", 60, "b1c8", 9),
        Section("compiled", 20),
        Section("loop", 80),
    ),
    seconds=0.1,
    batches=(16, 64),
    compiled_batches=(64,),
    num_games=8,
    num_simulations=4,
    batch_sizes=(64,),
    loop_minutes=0.5,
    loop=(
        "conf=smoke",
        "net.blocks=1",
        "net.filters=8",
        "search.num_simulations=4",
        "selfplay.num_games=16",
        "training.min_positions=200",
        "training.publish_steps=20",
        "training.checkpoint_steps=20",
        "gate.every_steps=20",
        "gate.num_games=4",
        "gate.num_simulations=4",
        "gate.threshold=0",
        "stop.promotions=1",
    ),
)
"""Form for tests of the check itself, with networks and loads that are small enough for a CPU."""


def form(is_short: bool) -> Form:
    """The check with its real sizes, or the short one."""
    return SHORT if is_short else FULL
