"""The few statistics that the report needs."""

import math
from collections.abc import Sequence
from statistics import median
from time import clock_gettime


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile; infinite values (no answer) sort last."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def median_ratio(values: Sequence[float], references: Sequence[float]) -> float:
    """Return the median of the ratios round by round: what disturbs a round disturbs both of its numbers."""
    ratios = [value / reference for value, reference in zip(values, references, strict=True) if reference]
    return median(ratios) if ratios else math.nan


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, by its clock (Linux: clock_getcpuclockid(3)); NaN elsewhere."""
    try:
        return clock_gettime((~pid << 3) | 2)
    except OSError:
        return math.nan
