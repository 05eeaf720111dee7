#!/usr/bin/env python3
"""A damped cosine fitted by scipy.optimize.curve_fit: the peer of `bellbench --only fit`.

usage: scipy_fit.py FILE

FILE is JSON with x, y, sigma and start. Prints the fastest of many fits, with the derivative in numpy and without it,
and what was found; `{"scipy": null}` when there is no scipy.
"""
import json
import sys
import time

try:
    import numpy as np
    import scipy
    from scipy.optimize import curve_fit
except ImportError:
    print(json.dumps({"scipy": None}))
    sys.exit(0)


def model(x, offset, amplitude, frequency, phase, tau):
    return offset + amplitude * np.exp(-x / tau) * np.cos(2 * np.pi * frequency * x + phase)


def jacobian(x, offset, amplitude, frequency, phase, tau):
    height = np.exp(-x / tau)
    angle = 2 * np.pi * frequency * x + phase
    wave = height * np.cos(angle)
    slope = -amplitude * height * np.sin(angle)
    return np.stack([np.ones_like(x), wave, slope * 2 * np.pi * x, slope, amplitude * wave * x / tau ** 2], axis=1)


def fastest(fit, rounds):
    best = None
    for _ in range(rounds):
        begin = time.perf_counter()
        found = fit()
        seconds = time.perf_counter() - begin
        best = min(seconds, best or seconds)
    return best, found


def main():
    data = json.load(open(sys.argv[1]))
    x, y, sigma = (np.array(data[name]) for name in ("x", "y", "sigma"))
    given = dict(p0=data["start"], sigma=sigma, absolute_sigma=True)
    by_differences, _ = fastest(lambda: curve_fit(model, x, y, **given), 200)
    by_derivative, _ = fastest(lambda: curve_fit(model, x, y, jac=jacobian, **given), 200)
    tight = dict(jac=jacobian, method="lm", ftol=1e-15, xtol=1e-15, gtol=1e-15, maxfev=10000, **given)
    to_the_last_digit, (exact, _) = fastest(lambda: curve_fit(model, x, y, **tight), 200)
    print(json.dumps({
        "scipy": scipy.__version__, "differences_s": by_differences, "derivative_s": by_derivative,
        "tight_s": to_the_last_digit, "parameters": list(exact),
    }))


main()
