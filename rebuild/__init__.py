"""Rebuild a cluster from Git, prove that it came back, and measure how long it took."""

__version__ = "0.1.0"
