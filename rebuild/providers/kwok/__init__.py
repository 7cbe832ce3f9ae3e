"""A real control plane as local processes with simulated nodes, built from Go modules."""
