"""Use cases: one file per verb, wiring the walls to the pure rooms."""
