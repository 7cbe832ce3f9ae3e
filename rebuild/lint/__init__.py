"""Says at plan time, offline, what an API server would say about a declaration at the worst moment."""
