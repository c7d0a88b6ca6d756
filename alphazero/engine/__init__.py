"""GTP engine: the protocol, the commands of a session, and the search."""
