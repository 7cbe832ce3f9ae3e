"""Clusters of real nodes as containers on this machine, made by the `kind` program."""
