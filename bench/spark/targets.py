"""Conductances of some rows of a pcm-64, by chance from 2 to 24 µS, as CSV: every other eight rows, 24 devices of each.

python targets.py FILE ROWS
"""

import random
import sys

file, rows = sys.argv[1], int(sys.argv[2])
random.seed(1)
with open(file, "w", encoding="utf-8") as out:
    for row in range(rows):
        values = (f"{random.uniform(2, 24):.3f}" if row % 16 < 8 and device < 24 else "NaN" for device in range(256))
        print(",".join(values), file=out)
