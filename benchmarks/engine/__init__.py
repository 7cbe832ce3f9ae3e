"""How fast a cluster comes back, beside what the machine allows and other tools take: `python -m benchmarks.engine`.

One control plane serves all runs. A native writer, the oracle, sends the same bytes in the same order and shows what
is possible; a judge that knows nothing of rebuild takes all times. docs/benchmarks.md tells the rest.
"""
