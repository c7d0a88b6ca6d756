"""GTP commands of the engine, one module for each feature.

A module has a function `commands`. It takes the state of a session and returns the module's functions by the
names of their commands. To add a command, write the function in the module of its feature and an entry in
that dict. List a new module in `session.MODULES`. `command_arguments` parses arguments, `answers` and
`reports` format results. A command that writes its answer line by line belongs in `analysis_commands`.
"""
