"""Speed and memory, as ratios to the framework's native call. ``python -m benchmarks --help`` is the way in.

Where to look: `workloads` and `programs` say what is computed, `native` holds each framework's own fastest spelling,
`timing` is the clock, `contests` puts them against each other, `targets` says how good is good enough, and `report`
shows it.
"""
