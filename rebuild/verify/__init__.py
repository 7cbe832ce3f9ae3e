"""Is the live object what was declared? Compares declared fields and names who owns a difference. Pure."""
