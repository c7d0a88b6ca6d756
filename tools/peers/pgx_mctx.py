"""Self-play of pgx + mctx: python -m tools.peers.pgx_mctx BLOCKS FILTERS GAMES SIMULATIONS.

Runs in the peers' environment and takes turns (tools/peers/turns.py). The search is mctx's Gumbel search with
its defaults: 16 considered actions, Q values completed by the mixed value. The network has Leela Zero's
shape, random weights and no batch norm, as if it were folded. Finished games start again. There are no
records, targets or resignations, so that a whole loop would be slower.
"""
# pyright: reportMissingImports=false

import sys

import haiku as hk
import jax
import jax.numpy as jnp
import mctx
import pgx

from tools.peers import turns

VALUE_HIDDEN = 256


def main(blocks: int, filters: int, num_games: int, num_simulations: int) -> None:
    """Compiles, plays one move in every game, and waits for turns."""
    output = turns.claim_stdout()
    env = pgx.make("go_9x9")
    network = hk.without_apply_rng(hk.transform(lambda planes: _network(planes, blocks, filters)))
    key, games_key, params_key = jax.random.split(jax.random.PRNGKey(0), 3)
    games = jax.jit(jax.vmap(env.init))(jax.random.split(games_key, num_games))
    params = network.init(params_key, games.observation)
    play_moves = jax.jit(_make_play_moves(env, network.apply, num_simulations))

    def play() -> int:
        nonlocal games, key
        key, move_key = jax.random.split(key)
        games = jax.block_until_ready(play_moves(params, games, move_key))
        return num_games * num_simulations

    play()
    turns.serve(play, {"precision": "float32"}, lines=sys.stdin, output=output)


def _network(planes, blocks: int, filters: int):
    """Logits [G, 82] and values [G] for the player to move; planes [G, 9, 9, 17]."""
    trunk = jax.nn.relu(hk.Conv2D(filters, 3)(planes.astype(jnp.float32)))
    for _ in range(blocks):
        inner = jax.nn.relu(hk.Conv2D(filters, 3)(trunk))
        trunk = jax.nn.relu(trunk + hk.Conv2D(filters, 3)(inner))
    num_games = planes.shape[0]
    policy = jax.nn.relu(hk.Conv2D(2, 1)(trunk)).reshape(num_games, -1)
    value = jax.nn.relu(hk.Conv2D(1, 1)(trunk)).reshape(num_games, -1)
    hidden = jax.nn.relu(hk.Linear(VALUE_HIDDEN)(value))
    return hk.Linear(82)(policy), jnp.tanh(hk.Linear(1)(hidden)).squeeze(-1)


def _make_play_moves(env: pgx.Env, evaluate, num_simulations: int):
    """A function that searches and plays one move in every game."""

    def descend(params, _, actions, games):
        movers = games.current_player
        after = jax.vmap(env.step)(games, actions)
        logits, values = evaluate(params, after.observation)
        is_over = after.terminated
        # A child's value is the other player's, and after the end of a game values are 0.
        answer = mctx.RecurrentFnOutput(
            reward=jnp.take_along_axis(after.rewards, movers[:, None], axis=1).squeeze(1),
            discount=jnp.where(is_over, 0.0, -1.0),
            prior_logits=_only_legal(logits, after.legal_action_mask),
            value=jnp.where(is_over, 0.0, values),
        )
        return answer, after

    def play_moves(params, games, key):
        search_key, *new_keys = jax.random.split(key, 1 + games.current_player.shape[0])
        logits, values = evaluate(params, games.observation)
        chosen = mctx.gumbel_muzero_policy(
            params=params,
            rng_key=search_key,
            root=mctx.RootFnOutput(prior_logits=logits, value=values, embedding=games),
            recurrent_fn=descend,
            num_simulations=num_simulations,
            invalid_actions=~games.legal_action_mask,
        )
        after = jax.vmap(env.step)(games, chosen.action)
        return _begin_again(after, jax.vmap(env.init)(jnp.stack(new_keys)))

    return play_moves


def _only_legal(logits, is_legal):
    return jnp.where(is_legal, logits, jnp.finfo(logits.dtype).min)


def _begin_again(games, new_games):
    """`games` with the finished ones replaced."""
    is_over = games.terminated | games.truncated

    def choose(new, old):
        return jnp.where(is_over.reshape(-1, *(1,) * (old.ndim - 1)), new, old)

    return jax.tree_util.tree_map(choose, new_games, games)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
