"""KataGo's networks: weight files, answers and training."""
