"""One file per rule: a function from what is declared to findings, and nothing else.

A finding has to be true of every rebuild of these files. What holds for many objects alike is one finding that counts
them, since a list that nobody reads to its end hides what matters.
"""
