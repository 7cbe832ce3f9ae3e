"""What a cluster holds that its repository does not say, and who wrote it. Pure: bodies in, lines out."""
