#!/usr/bin/env python3
"""Makes qutip.json: final states of driven three-level transmons, by QuTiP's Lindblad solver.

    python -m venv VENV && VENV/bin/pip install qutip
    VENV/bin/python Tests/MockLabTests/Reference/make_qutip.py

H/h = D n + A n(n-1)/2 + W (d a+ + d* a)/2, n levels 0..2, a = |0><1| + sqrt 2 |1><2|; D, A, W in MHz, times in us.
d is constant within a sample of 0.5 ns, as a converter makes it; a carrier offset f multiplies it by exp(-2 pi i f t),
which is solved in the carrier's frame. Collapse operators: |0><1| at (1-p)/T1, |1><0| at p/T1, |1><2| at 2/T1 and a+a
for dephasing at 1/T2 - 1/(2 T1). Every sample is one mesolve, so that no step of the solver
crosses an edge.
"""
import json
import os

import numpy as np
import qutip
from qutip import basis, mesolve

SAMPLE = 0.5e-3
A = basis(3, 0) * basis(3, 1).dag() + np.sqrt(2) * basis(3, 1) * basis(3, 2).dag()
N = A.dag() * A
OPTIONS = {"atol": 1e-13, "rtol": 1e-11, "nsteps": 1_000_000, "method": "vern9", "progress_bar": ""}


def collapse(truth):
    g, p = 1 / truth["t1"], truth["thermal"]
    lower, upper = basis(3, 0) * basis(3, 1).dag(), basis(3, 1) * basis(3, 2).dag()
    ops = [np.sqrt((1 - p) * g) * lower, np.sqrt(2 * g) * upper]
    if p:
        ops.append(np.sqrt(p * g) * lower.dag())
    dephasing = 1 / truth["t2"] - g / 2
    if dephasing > 1e-12:
        ops.append(np.sqrt(2 * dephasing) * N)
    return ops


def hamiltonian(truth, d, carrier):
    h = (truth["detuning"] - carrier) * N + truth["anharmonicity"] / 2 * N * (N - 1)
    return 2 * np.pi * (h + truth["rabi"] / 2 * (d * A.dag() + np.conj(d) * A))


def turn(rho, angle):
    """exp(i angle n) rho exp(-i angle n)"""
    u = (1j * angle * N).expm()
    return u * rho * u.dag()


def samples(pulse):
    """Middle of each sample, rounded as a board's memory rounds it; Q = beta dI/dt with beta in ns."""
    count = round(pulse["duration"] / SAMPLE)
    t = (np.arange(count) + 0.5) / count
    if pulse["shape"] == "rectangle":
        i, slope = np.ones(count), np.zeros(count)
    else:
        i = 0.5 - 0.5 * np.cos(2 * np.pi * t)
        slope = np.pi / (1e3 * pulse["duration"]) * np.sin(2 * np.pi * t)
    codes = np.round(32767 * i) + 1j * np.round(32767 * pulse["drag"] * slope)
    return round(65535 * pulse["amplitude"]) / 65535 * codes / 32767


def evolve(rho, truth, program):
    """program: pulses with start in us, shape, amplitude, axis in degrees, carrier; then free evolution to `end`."""
    ops = collapse(truth)
    at = 0.0
    for pulse in program["pulses"]:
        if pulse["start"] > at:
            rho = mesolve(hamiltonian(truth, 0, 0), rho, [at, pulse["start"]], ops, options=OPTIONS).states[-1]
        at = pulse["start"]
        phase = np.radians(pulse["axis"])
        rho = turn(rho, 2 * np.pi * pulse["carrier"] * at - phase)
        for d in samples(pulse):
            rho = mesolve(hamiltonian(truth, d, pulse["carrier"]), rho, [at, at + SAMPLE], ops, options=OPTIONS).states[-1]
            at += SAMPLE
        rho = turn(rho, phase - 2 * np.pi * pulse["carrier"] * at)
    if program["end"] > at:
        rho = mesolve(hamiltonian(truth, 0, 0), rho, [at, program["end"]], ops, options=OPTIONS).states[-1]
    return rho


def pulse(start, amplitude=0.757576, axis=0.0, duration=0.012, drag=0.0, carrier=0.0, shape="cosine"):
    return dict(start=start, amplitude=amplitude, axis=axis, duration=duration, drag=drag, carrier=carrier, shape=shape)


def listed(rho):
    return [[x.real, x.imag] for x in rho.full().flatten()]


BEST = dict(t1=1e9, t2=1e9, thermal=0.0, rabi=55.0, detuning=0.0, anharmonicity=-240.0)
REAL = dict(t1=22.0, t2=17.0, thermal=0.004, rabi=54.9, detuning=0.006, anharmonicity=-240.0)
CASES = [
    ("half pi, no DRAG", BEST, [pulse(0.0)], 0.012),
    ("half pi, DRAG", BEST, [pulse(0.0, drag=0.5)], 0.012),
    ("half pi, DRAG of the wrong sign, T1 and T2", REAL, [pulse(0.0, drag=-0.5)], 0.012),
    ("half pi about an axis of 37 degrees", REAL, [pulse(0.003, axis=37.0, drag=0.4)], 0.03),
    ("half pi 5 MHz off", dict(REAL, detuning=5.0), [pulse(0.0)], 0.02),
    ("half pi with a carrier 3 MHz off, then on again", REAL,
     [pulse(0.1, carrier=3.0), pulse(0.13, carrier=3.0, axis=90.0)], 0.2),
    ("pi of full amplitude in 8 ns", dict(REAL, rabi=125.0), [pulse(0.0, amplitude=1.0, duration=0.008)], 0.01),
    ("Ramsey of 20 us", dict(REAL, detuning=0.35), [pulse(0.0), pulse(20.0)], 20.02),
    ("echo of 10 us", dict(REAL, detuning=0.35), [pulse(0.0), pulse(5.0, amplitude=1.0, duration=0.018), pulse(10.0)], 10.02),
    ("pi, then the 1-2 transition", dict(REAL, rabi=20.0),
     [pulse(0.0, amplitude=1.0, duration=0.05), pulse(0.06, amplitude=0.71, duration=0.05, carrier=-239.994)], 0.12),
    ("rectangle with strong relaxation", dict(REAL, t1=0.3, t2=0.2, thermal=0.1),
     [pulse(0.0, amplitude=0.4, duration=0.2, shape="rectangle")], 0.3),
]


def single():
    made = []
    for name, truth, pulses, end in CASES:
        rho = evolve(basis(3, 0).proj(), truth, dict(pulses=pulses, end=end))
        made.append(dict(name=name, truth=truth, pulses=pulses, end=end, rho=listed(rho)))
        print(name, np.round(rho.diag(), 6))
    return made


def pair():
    """Both transmons at once from an entangled state, as one 81 x 81 Liouvillian, without any product structure."""
    truths = [dict(REAL, detuning=0.4), dict(REAL, t1=19.0, t2=15.0, rabi=52.1, detuning=-0.2, anharmonicity=-235.0)]
    pulses = [pulse(0.0, drag=0.3), pulse(0.0, amplitude=0.801282, axis=-45.0, drag=0.5)]
    one = qutip.qeye(3)
    spread = [lambda op: qutip.tensor(op, one), lambda op: qutip.tensor(one, op)]
    ops = [spread[k](op) for k in range(2) for op in collapse(truths[k])]
    psi = qutip.tensor(basis(3, 0), basis(3, 1)) + np.exp(0.83j) * qutip.tensor(basis(3, 1), basis(3, 0))
    psi = (psi + 0.2 * qutip.tensor(basis(3, 2), basis(3, 0))).unit()
    rho = psi.proj()
    drives = [samples(p) * np.exp(1j * np.radians(p["axis"])) for p in pulses]
    at = 0.0
    steps = [(a, b, SAMPLE) for a, b in zip(*drives)] + [(0, 0, 0.5)] + [(a, b, SAMPLE) for a, b in zip(*drives)]
    for a, b, time in steps:
        h = spread[0](hamiltonian(truths[0], a, 0)) + spread[1](hamiltonian(truths[1], b, 0))
        rho = mesolve(h, rho, [at, at + time], ops, options=OPTIONS).states[-1]
        at += time
    populations = np.real(rho.diag())
    print("pair", np.round(populations, 6), at)
    return dict(truths=truths, pulses=pulses, wait=0.5, phase=0.83, third=0.2, start=listed(psi.proj()), rho=listed(rho))


if __name__ == "__main__":
    result = dict(qutip=qutip.__version__, sample_us=SAMPLE, single=single(), pair=pair())
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "qutip.json")
    with open(path, "w") as file:
        json.dump(result, file, indent=1, sort_keys=True)
        file.write("\n")
