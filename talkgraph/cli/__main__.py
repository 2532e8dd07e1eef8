"""`python -m talkgraph.cli` is the same as `talkgraph`."""

import sys

from talkgraph.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
