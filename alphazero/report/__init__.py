"""What a run tells its user: TensorBoard, the terminal, status.json and log.txt."""
