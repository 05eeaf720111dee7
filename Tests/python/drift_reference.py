"""Reference numbers of DriftEstimateTests: numpy's polyfit and scipy's folded normal instead of our formulas.

Prints one line a case: slope, its error, scatter, correlation time, then |deviation| and its spread after 600 s and 36000 s.
"""
import math

import numpy as np
from scipy.stats import foldnorm

CASES = {
    # A walk of multiples of 1/8, uneven times; a slow ramp with quiet measurements; noise alone.
    "wander": ([0, 600, 1300, 1800, 2500, 3000, 3700, 4200, 5000, 5400],
               [0.5, 0.625, 0.75, 1.0, 0.875, 1.125, 0.75, 0.5, 0.25, 0.375], [0.0625] * 10),
    "ramp": ([0, 3600, 7200, 10800, 14400, 18000],
             [100.0, 103.5, 106.0, 109.75, 112.0, 115.5], [0.25, 0.25, 0.25, 0.25, 0.25, 0.5]),
    "noise": ([0, 100, 200, 300, 400], [1.0, 1.5, 1.0, 1.5, 1.0], [0.5] * 5),
}

for name, (t, v, u) in CASES.items():
    t, v, u = np.array(t, float), np.array(v), np.array(u)
    (slope, _), cov = np.polyfit(t - t.mean(), v, 1, cov=True)
    r = v - np.polyval(np.polyfit(t - t.mean(), v, 1), t - t.mean())
    noise = np.mean(u**2)
    free = max(0.0, np.sum(r**2) / (len(t) - 2) - noise)
    T = 0.0
    if free > 0:
        rho = 1 - np.mean(np.diff(r) ** 2 - u[1:] ** 2 - u[:-1] ** 2) / (2 * free)
        T = 0.0 if rho <= 0 else math.inf if rho >= 1 else -np.mean(np.diff(t)) / math.log(rho)
    row = [slope, math.sqrt(cov[0, 0]), math.sqrt(free), T]
    for tau in (600.0, 36000.0):
        sd = math.sqrt(cov[0, 0] * tau**2 + 2 * free * (1 - math.exp(-tau / T) if T > 0 else 1) + noise)
        folded = foldnorm(abs(slope * tau) / sd, scale=sd)
        row += [folded.mean(), folded.std()]
    print(name, " ".join(f"{x:.12g}" for x in row))
