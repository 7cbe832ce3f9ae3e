"""One file per rule: a function from an index of declared objects to edges, and nothing else."""
