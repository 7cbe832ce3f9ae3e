"""The plumbing: the one clock, the one subprocess, the one way to write a file."""
