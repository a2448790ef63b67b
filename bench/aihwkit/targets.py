"""Conductances of 16 rows of a pcm-64, evenly from 0.5 to 24 µS, as CSV."""

import sys

import numpy

values = numpy.linspace(0.5, 24, 16 * 256).reshape(16, 256)
numpy.savetxt(sys.argv[1], values, fmt="%.4f", delimiter=",")
