"""The API server behind one small port: raw JSON over the kubernetes package's pooled connections."""
