"""When the process ran its first line of this package: the end of the spawn in the report of a start."""

import time

# In seconds of CLOCK_MONOTONIC. Reading the clock takes less than a microsecond.
FIRST_LINE_S = time.monotonic()
