"""The network, its inference backends and Leela Zero's weight format."""
