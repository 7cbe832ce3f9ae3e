"""The door: flags to a use case to an exit code."""
