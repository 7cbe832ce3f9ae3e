"""One file per family of kinds: how each of them says that it is ready."""
