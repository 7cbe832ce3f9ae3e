"""`python -m rebuild`."""

from rebuild.cli.main import main

main()
