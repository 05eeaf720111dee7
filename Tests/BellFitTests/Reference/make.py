#!/usr/bin/env python3
"""Makes scipy.json: data sets with the minimum and the covariance that scipy.optimize.curve_fit finds.

usage: make.py > scipy.json      (numpy and scipy; derivatives by complex steps, exact to rounding)
"""
import json
import sys

import numpy as np
import scipy
from scipy.optimize import curve_fit
from scipy.special import erf

MODELS = {
    "cosine": lambda x, o, a, f, p: o + a * np.cos(2 * np.pi * f * x + p),
    "damped cosine": lambda x, o, a, f, p, t: o + a * np.exp(-x / t) * np.cos(2 * np.pi * f * x + p),
    "gaussian damped cosine": lambda x, o, a, f, p, t: o + a * np.exp(-(x / t) ** 2) * np.cos(2 * np.pi * f * x + p),
    "exponential": lambda x, o, a, t: o + a * np.exp(-x / t),
    "saturating step": lambda x, o, a, t: o + a * (1 - np.exp(-x / t)),
    "lorentzian": lambda x, o, a, c, w: o + a / (1 + (2 * (x - c) / w) ** 2),
    "two lorentzians": lambda x, o, a, c, w, b, d, v: o + a / (1 + (2 * (x - c) / w) ** 2)
    + b / (1 + (2 * (x - d) / v) ** 2),
    "parabola": lambda x, e, v, c: e + c * (x - v) ** 2,
    "line": lambda x, o, s: o + s * x,
    "power decay": lambda x, o, a, b: o + a * b ** x,
    "gaussian peak": lambda x, o, a, c, w: o + a * np.exp(-((x - c) / w) ** 2 / 2),
    "error function step": lambda x, o, a, e, w: o + a * (1 + erf((x - e) / (np.sqrt(2) * w))) / 2,
    "known period": lambda x, o, c, s: o + c * np.cos(x) + s * np.sin(x),
    "linear in sin": lambda x, o, e: o + 0.5 * np.sign(x) * np.sin(abs(x) * e),
}

pulses = np.array([n if n % 4 == 1 else -n for n in range(1, 60, 2)], float)
# model, x, truth, noise, whether the uncertainties are given
SETS = [
    ("cosine", np.linspace(0, 1, 61), [0.5, 0.42, 3.3, 0.4], 0.03, True),
    ("cosine", np.sort(np.random.default_rng(1).uniform(-2, 5, 80)), [-1e3, 4e3, 1.9, -2.5], 500, False),
    ("damped cosine", np.linspace(0, 20000, 101), [0.5, 0.45, 5e-4, 0.1, 9000], 0.02, True),
    ("damped cosine", np.linspace(0, 20000, 101), [0.5, 0.45, 1.2e-3, 1.1, 4000], 0.05, False),
    ("gaussian damped cosine", np.linspace(0, 12000, 81), [0.48, 0.4, 6e-4, -0.7, 7000], 0.02, True),
    ("exponential", np.linspace(0, 100000, 41), [0.03, 0.9, 23000], 0.015, True),
    ("exponential", np.geomspace(100, 200000, 30), [120, -3000, 31000], 40, False),
    ("saturating step", np.linspace(0, 50, 51), [0.1, 0.8, 7.0], 0.01, True),
    ("lorentzian", np.linspace(-20e6, 20e6, 81), [0.05, 0.8, 2.3e6, 3.1e6], 0.02, True),
    ("lorentzian", np.linspace(-20e6, 20e6, 81), [2000, -1500, -4e6, 8e6], 60, False),
    ("two lorentzians", np.linspace(-30, 30, 161), [0.05, 0.8, -6, 3, 0.4, 7, 4], 0.01, True),
    ("parabola", np.linspace(-3, 5, 33), [0.1, 1.3, 0.7], 0.1, False),
    ("line", np.linspace(-0.5, 0.5, 21), [0.02, -3.1], 0.05, True),
    ("power decay", np.array([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], float), [0.5, 0.47, 0.9961], 0.004, True),
    ("gaussian peak", np.linspace(0, 100, 101), [10, 55, 43, 6.5], 2, False),
    ("error function step", np.linspace(-40, 40, 65), [0.02, 0.93, 3.7, 5.1], 0.01, True),
    ("known period", np.linspace(-np.pi, np.pi, 25), [0.01, -1.7, 1.9], 0.05, True),
    ("linear in sin", pulses, [0.51, 0.011], 0.01, True),
]


def jacobian(model):
    def derivatives(x, *p):
        columns = []
        for k in range(len(p)):
            q = [complex(v) for v in p]
            step = 1e-30 * max(abs(p[k]), 1e-10)
            q[k] += 1j * step
            columns.append(np.imag(model(x, *q)) / step)
        return np.stack(columns, axis=1)

    return derivatives


def main():
    sets = []
    for number, (name, x, truth, noise, has_sigma) in enumerate(SETS):
        generator = np.random.default_rng(100 + number)
        model = MODELS[name]
        sigma = noise * generator.uniform(0.7, 1.4, len(x)) if has_sigma else None
        y = model(x, *truth) + generator.normal(size=len(x)) * (noise if sigma is None else sigma)
        p, covariance, info, message, code = curve_fit(
            model, x, y, p0=truth, sigma=sigma, absolute_sigma=has_sigma, jac=jacobian(model), method="lm",
            ftol=1e-15, xtol=1e-15, gtol=1e-15, maxfev=10000, full_output=True)
        sets.append({
            "model": name, "x": list(x), "y": list(y), "sigma": None if sigma is None else list(sigma),
            "parameters": list(p), "covariance": [v for row in covariance for v in row],
            "chi_square": float(np.sum(((model(x, *p) - y) / (1 if sigma is None else sigma)) ** 2)),
        })
        print(name, code, file=sys.stderr)
    text = json.dumps({"scipy": scipy.__version__, "numpy": np.__version__, "sets": sets})
    print(text.replace('{"model"', '\n{"model"'))


main()
