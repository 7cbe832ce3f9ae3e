"""Desired, live and graph become steps. Pure: nothing is read and nothing is written here."""
