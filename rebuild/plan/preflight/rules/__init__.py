"""One file for each obstacle: a function from the facts to findings. Rules do not know each other.

None of them stops a plan: what they tell may be mended by the time of the write.
"""
