"""What the figures in this repository were measured with: one command for each, and its table in `results/`."""
