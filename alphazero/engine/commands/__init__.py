"""GTP commands of the engine, one module for each feature."""
