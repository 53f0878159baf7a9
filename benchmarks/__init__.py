"""Measured ratios: ours beside the limit of the same machine, in turn, in one run. `python -m benchmarks --help`."""
