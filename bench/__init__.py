"""Benchmarks, run by hand: each prints a ratio of two things measured in the same run."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as app.py does
