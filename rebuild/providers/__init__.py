"""Where target clusters come from: each provider creates, describes and deletes its own, and nothing else."""
