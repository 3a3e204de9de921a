"""`python -m outcrop` is the command `outcrop`."""

import sys

from ._command import main

sys.exit(main())
