"""Reports of a run to its user: TensorBoard, the terminal, status.json and log.txt."""
