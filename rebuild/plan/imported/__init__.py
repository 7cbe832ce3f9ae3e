"""Ignore rules that a blueprint holds for other tools: Argo CD's and Flux's, read from the objects that declare them.

A rule that says more than can be taken over is a finding, and ignores nothing.
"""
