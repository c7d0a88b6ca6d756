"""Control files: settings of a competition, read from gomill's files or YAML with their line numbers."""
