"""`python -m zabota`."""

from zabota.cli import main

main()
