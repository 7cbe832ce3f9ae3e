"""Where declarations come from: a Git commit, or a plain directory. The only room that knows Git."""

import os

# GitPython refuses to be imported where there is no git program; plain directories need none.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
