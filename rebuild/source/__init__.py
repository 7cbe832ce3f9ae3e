"""Where declarations come from: Git objects, never a checkout, or a plain directory."""
