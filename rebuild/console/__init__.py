"""Shows a run to people. Cosmetic: if it breaks, the run does not care. The only room that knows rich."""
