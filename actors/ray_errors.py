"""Errors of calls to actors: losses of processes and nodes, and exceptions that our own code raised."""

from ray import exceptions


def is_death(error: exceptions.RayError) -> bool:
    """Whether a process, a node or its objects were lost; False if our code raised the error."""
    if isinstance(error, exceptions.RayTaskError):
        return isinstance(error.cause, exceptions.RayError) and is_death(error.cause)
    return not getattr(error, "actor_init_failed", False)


def last_line(error: Exception) -> str:
    """The message of a remote error, without the trace that Ray puts before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
