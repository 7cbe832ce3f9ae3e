"""A fold over the events of a run: the same events always give the same report. Pure."""
