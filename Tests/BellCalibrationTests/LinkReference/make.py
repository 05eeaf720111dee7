#!/usr/bin/env python3
"""Reference numbers for LinkTomographyTests.swift: maximum likelihood by another way.

A state is T T^dagger / Tr with T lower triangular (James et al., PRA 64, 052312 (2001)), its 16 numbers found by
Gauss-Newton steps with damping on the likelihood itself, without any R rho R. Concurrence by Wootters' formula on the
non-Hermitian product. numpy only.

    python3 make.py > tomography.json
"""
import json
import numpy as np

X = np.array([[0, 1], [1, 0]], complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(complex)
ONE = np.eye(2)


def operators(errors):
    """Index 4 (3 alice + bob) + 2a + b in the bases x, y, z; errors: (ground, excited) of alice and of bob."""
    result = []
    for pa in (X, Y, Z):
        for pb in (X, Y, Z):
            for a in (0, 1):
                for b in (0, 1):
                    parts = []
                    for pauli, bit, (g, e) in ((pa, a, errors[0]), (pb, b, errors[1])):
                        plus, minus = (ONE + pauli) / 2, (ONE - pauli) / 2
                        parts.append((1 - g) * plus + e * minus if bit == 0 else g * plus + (1 - e) * minus)
                    result.append(np.kron(parts[0], parts[1]))
    return result


def state(t):
    low = np.zeros((4, 4), complex)
    low[np.diag_indices(4)] = t[:4]
    k = 4
    for row in range(4):
        for column in range(row):
            low[row, column] = t[k] + 1j * t[k + 1]
            k += 2
    rho = low @ low.conj().T
    return rho / np.trace(rho).real


def maximum(counts, ops):
    n = np.array(counts, float)
    here = np.repeat(n.reshape(9, 4).sum(1), 4)

    def probabilities(t):
        rho = state(t)
        return np.maximum(np.array([np.trace(rho @ op).real for op in ops]), 1e-300)

    def likelihood(t):
        return float(np.sum(n * np.log(probabilities(t))))

    best = None
    for attempt in range(3):
        rng = np.random.default_rng(attempt)
        t = np.concatenate([np.full(4, 0.5), 0.05 * rng.standard_normal(12)])
        damping, value = 1e-3, likelihood(t)
        for _ in range(4000):
            p = probabilities(t)
            step = 1e-6
            jac = np.array([(probabilities(t + step * e) - probabilities(t - step * e)) / (2 * step) for e in np.eye(16)]).T
            gradient = jac.T @ (n / p)
            fisher = (jac * (here / p)[:, None]).T @ jac
            moved = False
            while damping < 1e12:
                move = np.linalg.solve(fisher + damping * (np.trace(fisher) / 16) * np.eye(16), gradient)
                new = likelihood(t + move)
                if new > value:
                    t, gain, value, moved = t + move, new - value, new, True
                    t = t / np.linalg.norm(t)
                    damping = max(damping / 5, 1e-12)
                    break
                damping *= 4
            if not moved or gain < 1e-11:
                break
        if best is None or value > best[0]:
            best = (value, t)
    return best


def concurrence(rho):
    flip = np.kron(Y, Y)
    values = np.sort(np.sqrt(np.maximum(np.linalg.eigvals(rho @ flip @ rho.conj() @ flip).real, 0)))
    return max(0.0, values[3] - values[2] - values[1] - values[0])


def case(name, rho, errors, trials, seed):
    rng = np.random.default_rng(seed)
    ops = operators(errors)
    p = np.array([np.trace(rho @ op).real for op in ops]).reshape(9, 4)
    counts = np.concatenate([rng.multinomial(trials, np.maximum(row, 0) / row.sum()) for row in p])
    value, t = maximum(counts, ops)
    found = state(t)
    target = np.array([0, 1, 1, 0]) / np.sqrt(2)
    return {
        "name": name,
        "errors": [x for pair in errors for x in pair],
        "counts": [int(c) for c in counts],
        "log_likelihood": value - float(np.sum(counts) * np.log(9)),
        "re": [float(x) for x in found.real.flatten()],
        "im": [float(x) for x in found.imag.flatten()],
        "fidelity": float((target @ found @ target).real),
        "concurrence": concurrence(found),
    }


def bell(phase):
    psi = np.zeros(4, complex)
    psi[2], psi[1] = 1, np.exp(1j * phase)
    psi /= np.sqrt(2)
    return np.outer(psi, psi.conj())


def lossy(eta, phase):
    rho = np.zeros((4, 4), complex)
    rho[0, 0], rho[1, 1], rho[2, 2] = (1 - eta) / 2, eta / 2, 0.5
    rho[1, 2] = np.sqrt(eta) / 2 * np.exp(1j * phase)
    rho[2, 1] = rho[1, 2].conj()
    return rho


CASES = [
    ("bell, perfect readouts", bell(0), [(0, 0), (0, 0)], 4000, 1),
    ("lossy, with errors", 0.97 * lossy(0.8, 0.1) + 0.03 * np.eye(4) / 4, [(0.015, 0.025), (0.02, 0.035)], 8192, 2),
    ("lossy, few trials", lossy(0.7, -0.8), [(0.03, 0.05), (0.01, 0.08)], 300, 3),
    ("mixed", np.eye(4) / 4, [(0.02, 0.02), (0.02, 0.02)], 2000, 4),
    ("product", np.kron((ONE + X) / 2, (ONE + Y) / 2), [(0.05, 0.02), (0.0, 0.1)], 3000, 5),
]

if __name__ == "__main__":
    print(json.dumps([case(*c) for c in CASES], indent=1))
