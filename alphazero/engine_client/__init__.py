"""Client of GTP engines: a child process with time limits, its output, and the commands sent to it."""
