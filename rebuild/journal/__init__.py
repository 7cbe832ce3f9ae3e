"""The durable record of a run, written before the hand moves."""
