"""The vocabulary that every other room speaks. Pure values: no I/O, no clock, no third-party types."""
