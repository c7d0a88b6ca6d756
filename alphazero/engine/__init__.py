"""Our GTP engine: the protocol, the commands of a session, and what it thinks with."""
