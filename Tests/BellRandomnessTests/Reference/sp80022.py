"""Writes pi.bits, e.bits and sp80022.json: the binary expansions of pi and e (10^6 bits, integer part included, packed
MSB first) and all 188 p-values of SP 800-22 rev. 1a for four streams, for the tests of BellRandomness.

Straight from the standard's definitions, with numpy for counting and mpmath (40 digits) for every special function; nothing
is shared with the Swift and C that is tested. Streams: pi, e, marked (pi with each 512th bit set) and joined (2^20 bits: pi,
then the beginning of e). Run: python3 sp80022.py
"""
import hashlib, json, math
import numpy as np
from mpmath import mp, mpf

N = 10**6


def expansion(x):
    whole = int(mp.floor(x)).bit_length()
    text = bin(int(mp.floor(mp.ldexp(x, N - whole))))[2:]
    assert len(text) == N
    return np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64) - 48


def igamc(a, x):
    """Q(a, x) for a = 1/2, 1, 3/2, ... by its finite sum (DLMF 8.4.10 and 8.8.10)."""
    a, x = mpf(a), mpf(x)
    assert 2 * a == int(2 * a)
    if a == int(a): total, k, term = mpf(0), mpf(0), mp.exp(-x)
    else: total, k, term = mp.erfc(mp.sqrt(x)), mpf(1) / 2, mp.exp(-x) * mp.sqrt(x) / mp.gamma(mpf(3) / 2)
    while k < a:
        total, k = total + term, k + 1
        term *= x / k
    return total
def erfc(x): return mp.erfc(x)
def phi(x): return mp.erfc(-x / mp.sqrt(2)) / 2
def chi(counts, probabilities, total):
    return sum((mpf(int(c)) - total * p) ** 2 / (total * p) for c, p in zip(counts, probabilities))


def frequency(b):
    return [erfc(abs(mpf(2 * int(b.sum()) - len(b))) / mp.sqrt(2 * len(b)))]


def block_frequency(b, M=128):
    n = len(b) // M
    ones = b[: n * M].reshape(n, M).sum(1)
    return [igamc(mpf(n) / 2, mpf(int(((2 * ones - M) ** 2).sum())) / M / 2)]


def cusum(b):
    n, out = len(b), []
    cut = lambda a: -(-a // 4) if a < 0 else a // 4  # C division by 4, towards zero
    for x in (2 * b - 1, (2 * b - 1)[::-1]):
        z, r = int(np.abs(np.cumsum(x)).max()), mp.sqrt(n)
        p = lambda k: phi(mpf(k * z) / r)
        s = sum(p(4 * k + 1) - p(4 * k - 1) for k in range(cut(-(n // z) + 1), cut(n // z - 1) + 1))
        t = sum(p(4 * k + 3) - p(4 * k + 1) for k in range(cut(-(n // z) - 3), cut(n // z - 1) + 1))
        out.append(1 - s + t)
    return out


def runs(b):
    n, p = len(b), mpf(int(b.sum())) / len(b)
    v = 1 + int((b[1:] != b[:-1]).sum())
    return [erfc(abs(v - 2 * n * p * (1 - p)) / (2 * mp.sqrt(2 * n) * p * (1 - p)))]


def longest_run(b, M=10000):
    pi = [mpf(x) / 10000 for x in (882, 2092, 2483, 1933, 1208, 675, 727)]
    v = [0] * 7
    for i in range(len(b) // M):
        longest = max(map(len, "".join(map(str, b[i * M : (i + 1) * M])).split("0")))
        v[min(max(longest - 10, 0), 6)] += 1
    return [igamc(3, chi(v, pi, len(b) // M) / 2)]


def rank(b):
    n, f = len(b) // 1024, [0, 0, 0]
    for i in range(n):
        rows = [int("".join(map(str, b[i * 1024 + 32 * r : i * 1024 + 32 * r + 32])), 2) for r in range(32)]
        k = 0
        for bit in range(31, -1, -1):
            p = next((r for r in rows if r >> bit & 1), None)
            if p is None: continue
            k += 1
            rows.remove(p)
            rows = [r ^ p if r >> bit & 1 else r for r in rows]
        f[0 if k == 32 else 1 if k == 31 else 2] += 1
    def probability(r):
        v = mpf(2) ** (r * (64 - r) - 1024)
        for i in range(r): v *= (1 - mpf(2) ** (i - 32)) ** 2 / (1 - mpf(2) ** (i - r))
        return v
    p = [probability(32), probability(31)]
    return [mp.exp(-chi(f, p + [1 - sum(p)], n) / 2)]


def dft(b):
    n = len(b)
    square = np.abs(np.fft.rfft(2.0 * b - 1)[: n // 2]) ** 2
    limit = n * math.log(20)
    margin = float(np.abs(square / limit - 1).min())
    d = (mpf(int((square < limit).sum())) - mpf("0.95") * n / 2) / mp.sqrt(n * mpf("0.95") * mpf("0.05") / 4)
    return [erfc(abs(d) / mp.sqrt(2))], margin


def words(b, m):
    w = np.zeros(len(b) - m + 1, dtype=np.int64)
    for j in range(m): w = (w << 1) | b[j : len(b) - m + 1 + j]
    return w


def aperiodic(m=9):
    """Templates that no shift of themselves continues, in numeric order."""
    for t in range(1 << m):
        if all((t >> k) != (t & ((1 << (m - k)) - 1)) for k in range(1, m)): yield t


def non_overlapping(b, m=9, blocks=8):
    M = len(b) // blocks
    mu, var = mpf(M - m + 1) / 2**m, M * (mpf(1) / 2**m - mpf(2 * m - 1) / 2 ** (2 * m))
    windows = [words(b[i * M : (i + 1) * M], m) for i in range(blocks)]
    out = []
    for t in aperiodic():
        total = mpf(0)
        for w in windows:
            count, last = 0, -m
            for k in np.flatnonzero(w == t):
                if k >= last + m: count, last = count + 1, k
            total += (count - mu) ** 2 / var
        out.append(igamc(mpf(blocks) / 2, total / 2))
    assert len(out) == 148
    return out


def overlapping(b, m=9, M=1032):
    n, v = len(b) // M, [0] * 6
    for i in range(n): v[min(int((words(b[i * M : (i + 1) * M], m) == 2**m - 1).sum()), 5)] += 1
    table = [mpf(x) for x in ("0.364091", "0.185659", "0.139381", "0.100571", "0.0704323", "0.139865")]
    eta = mpf(M - m + 1) / 2**m / 2
    older = [mp.exp(-eta)] + [
        mp.exp(-eta) / 2**u * sum(math.comb(u - 1, l - 1) * eta**l / math.factorial(l) for l in range(1, u + 1))
        for u in range(1, 5)]
    return [igamc(mpf(5) / 2, chi(v, p, n) / 2) for p in (table, older + [1 - sum(older)])]


def universal(b, L=7, Q=1280):
    K, T, total = len(b) // L - Q, [0] * 2**L, mpf(0)
    w = b[: (Q + K) * L].reshape(-1, L) @ (1 << np.arange(L - 1, -1, -1))
    product = 1
    for i, x in enumerate(w, 1):
        if i > Q:
            product *= i - T[x]
            if product > 1 << 4000: total, product = total + mp.log(product, 2), 1
        T[x] = i
    total += mp.log(product, 2)
    c = mpf("0.7") - mpf("0.8") / L + (4 + mpf(32) / L) * mpf(K) ** (-mpf(3) / L) / 15
    return [erfc(abs(total / K - mpf("6.1962507")) / (mp.sqrt(2) * c * mp.sqrt(mpf("3.125") / K)))]


def cyclic(b, m):
    if m == 0: return [len(b)]
    return [int(c) for c in np.bincount(words(np.concatenate([b, b[: m - 1]]), m), minlength=1 << m)]


def approximate_entropy(b, m=10):
    n = len(b)
    f = [sum(mpf(c) / n * mp.log(mpf(c) / n) for c in cyclic(b, k) if c) for k in (m, m + 1)]
    return [igamc(2 ** (m - 1), n * (mp.log(2) - (f[0] - f[1])))]


def serial(b, m=16):
    n = len(b)
    psi = [mpf(2**k * sum(c * c for c in cyclic(b, k))) / n - n for k in (m, m - 1, m - 2)]
    return [igamc(2 ** (m - 2), (psi[0] - psi[1]) / 2), igamc(2 ** (m - 3), (psi[0] - 2 * psi[1] + psi[2]) / 2)]


def linear_complexity(b, M=500):
    n, v = len(b) // M, [0] * 7
    for k in range(n):
        c, old, L, m, seen = 1, 1, 0, -1, 0
        for i in range(M):
            seen = (seen << 1) | int(b[k * M + i])
            if bin(c & seen).count("1") & 1:
                t = c
                c ^= old << (i - m)
                if 2 * L <= i: L, m, old = i + 1 - L, i, t
        mu = mpf(M) / 2 + mpf(9 + (-1) ** (M + 1)) / 36 - (mpf(M) / 3 + mpf(2) / 9) / mpf(2) ** M
        t = (-1) ** M * (L - mu) + mpf(2) / 9
        v[sum(t > edge for edge in (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5))] += 1
    pi = [mpf(x) for x in ("0.01047", "0.03125", "0.125", "0.5", "0.25", "0.0625", "0.020833")]
    return [igamc(3, chi(v, pi, n) / 2)]


def excursions(b):
    S = np.cumsum(2 * b - 1)
    zeros = np.flatnonzero(S == 0)
    J = len(zeros) + (1 if S[-1] != 0 else 0)
    cycle = np.searchsorted(zeros, np.arange(len(S)), side="left")
    out = []
    for x in (-4, -3, -2, -1, 1, 2, 3, 4):
        c = np.bincount(cycle[S == x], minlength=J)[:J]
        v = [int((c == k).sum()) for k in range(5)] + [int((c >= 5).sum())]
        q = 1 - mpf(1) / (2 * abs(x))
        p = [q] + [q ** (k - 1) / (4 * x * x) for k in range(1, 5)] + [q**4 / (2 * abs(x))]
        out.append(igamc(mpf(5) / 2, chi(v, p, J) / 2))
    for x in [*range(-9, 0), *range(1, 10)]:
        out.append(erfc(abs(int((S == x).sum()) - J) / mp.sqrt(2 * J * (4 * abs(x) - 2))))
    return out, J


def everything(b):
    (spectral, margin), over, (walks, J) = dft(b), overlapping(b), excursions(b)
    p = (frequency(b) + block_frequency(b) + cusum(b) + runs(b) + longest_run(b) + rank(b) + spectral + non_overlapping(b)
         + over[:1] + universal(b) + approximate_entropy(b) + walks + serial(b) + linear_complexity(b))
    assert len(p) == 188
    text = lambda x: float(mp.nstr(x, 17))
    return dict(bits=len(b), cycles=J, spectral_margin=margin, overlapping_older_classes=text(over[1]),
                sha256=hashlib.sha256(np.packbits(b.astype(np.uint8)).tobytes()).hexdigest(), p_values=[text(x) for x in p])


mp.prec = N + 200
pi, e = expansion(mp.pi + 0), expansion(mp.e + 0)
mp.dps = 40
np.packbits(pi.astype(np.uint8)).tofile("pi.bits")
np.packbits(e.astype(np.uint8)).tofile("e.bits")
marked = pi.copy()
marked[::512] = 1
joined = np.concatenate([pi, e])[: 1 << 20]
result = {name: everything(b) for name, b in dict(pi=pi, e=e, marked=marked, joined=joined).items()}
json.dump(result, open("sp80022.json", "w"), indent=1)
for name, r in result.items(): print(name, r["cycles"], r["spectral_margin"], r["overlapping_older_classes"], r["p_values"][:8])
