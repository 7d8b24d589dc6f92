"""``python -m dbmocker ARGS...``."""

import sys

from .cli import main

sys.exit(main())
