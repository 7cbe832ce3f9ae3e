"""The door: flags to a use case to an exit code."""

from rebuild.system import memory

# Before anything else is loaded: that makes many values as well.
memory.expect_many_objects()
