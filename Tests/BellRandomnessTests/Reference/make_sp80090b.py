#!/usr/bin/env python3
"""Makes sp80090b.json: SP 800-90B (2018) by the letter of its text, slowly, for short sequences.

Independent of the Swift and C code: every predictor keeps plain dictionaries, every tuple is counted by slicing.
"""
import bz2, json, math, os, random
from collections import Counter, defaultdict
from fractions import Fraction

Z = 2.5758293035489008


def upper(p, n):
    return min(1.0, p + Z * math.sqrt(p * (1 - p) / (n - 1)))


def entropy(p):
    return max(0.0, -math.log2(p))


def mcv(s):
    return entropy(upper(max(Counter(s).values()) / len(s), len(s)))


def collision(s):
    t, i = [], 0
    while True:
        seen, j = set(), i
        while j < len(s) and s[j] not in seen:
            seen.add(s[j])
            j += 1
        if j >= len(s):
            break
        t.append(j - i + 1)
        i = j + 1
    m = sum(t) / len(t)
    sd = math.sqrt(sum((x - m) ** 2 for x in t) / (len(t) - 1))
    bound = max(2.0, m - Z * sd / math.sqrt(len(t)))
    if bound >= 2.5:
        return 1.0
    low, high = 0.5, 1.0
    for _ in range(200):
        p = (low + high) / 2
        if 2 + 2 * p * (1 - p) > bound:
            low = p
        else:
            high = p
    return entropy(low)


def markov(s):
    n = Counter(zip(s, s[1:]))
    p = {a: s.count(a) / len(s) for a in (0, 1)}
    q = {(a, b): n[a, b] / (n[a, 0] + n[a, 1]) if n[a, 0] + n[a, 1] else 0.0 for a in (0, 1) for b in (0, 1)}
    best = Fraction(0)
    for a in (0, 1):
        for kind in range(3):
            # aaaa…, abab…, abbb…
            path = [a] * 128 if kind == 0 else [a ^ (i & 1) for i in range(128)] if kind == 1 else [a] + [1 - a] * 127
            chance = Fraction(p[a])
            for x, y in zip(path, path[1:]):
                chance *= Fraction(q[x, y])
            best = max(best, chance)
    log = math.log2(best.numerator) - math.log2(best.denominator)
    return min(1.0, max(0.0, -log / 128))


def compression(s, d=1000):
    b = 6
    blocks = [int("".join(map(str, s[i:i + b])), 2) for i in range(0, len(s) - b + 1, b)]
    last, out = {}, []
    for i, x in enumerate(blocks, 1):
        if i > d:
            out.append(math.log2(i - last.get(x, 0)))
        last[x] = i
    v, n = len(out), len(blocks)
    m = sum(out) / v
    sd = 0.5907 * math.sqrt(max(0.0, sum(x * x for x in out) / (v - 1) - m * m))
    bound = m - Z * sd / math.sqrt(v)

    def g(z):
        total = 0.0
        inner = 0.0
        for t in range(1, n + 1):
            if t > d:
                total += z * z * inner + z * math.log2(t) * (1 - z) ** (t - 1)
            inner += math.log2(t) * (1 - z) ** (t - 1)
        return total / v

    def expect(p):
        return g(p) + 63 * g((1 - p) / 63)

    low, high = 1 / 64, 1.0
    if expect(low) <= bound:
        return 1.0
    for _ in range(60):
        p = (low + high) / 2
        if expect(p) > bound:
            low = p
        else:
            high = p
    return entropy(low) / b


def tuples(s, often=35):
    n, best, t = len(s), 0.0, 1
    while True:
        most = max(Counter(tuple(s[i:i + t]) for i in range(n - t + 1)).values()) if t <= n else 0
        if most < often:
            break
        best = max(best, (most / (n - t + 1)) ** (1 / t))
        t += 1
    out = {"tTuple": entropy(upper(best, n)) if t > 1 else None}
    p, w, v = 0.0, t, 0
    while w <= n:
        pairs = sum(c * (c - 1) // 2 for c in Counter(tuple(s[i:i + w]) for i in range(n - w + 1)).values())
        if pairs == 0:
            break
        v = w
        p = max(p, (pairs / math.comb(n - w + 1, 2)) ** (1 / w))
        w += 1
    out["lrs"] = entropy(upper(p, n)) if v else None
    return out


def local(r, n):
    def without(p):
        q, x = 1 - p, 1.0
        for _ in range(60):
            x = 1 + q * p ** r * x ** (r + 1)
            if x > 1e9:
                return 0.0
        if 1 - p * x <= 0 or r + 1 - r * x <= 0:
            return 0.0
        return math.exp(math.log((1 - p * x) / ((r + 1 - r * x) * q)) - (n + 1) * math.log(x))

    low, high = 0.0, 1.0
    for _ in range(100):
        p = (low + high) / 2
        if without(p) > 0.99:
            low = p
        else:
            high = p
    return low


def result(correct, k):
    n, c = len(correct), sum(correct)
    run = longest = 0
    for x in correct:
        run = run + 1 if x else 0
        longest = max(longest, run)
    p = 1 - 0.01 ** (1 / n) if c == 0 else upper(c / n, n)
    if p < 1:
        p = max(p, local(longest + 1, n))
    return {"C": c, "r": longest + 1, "N": n, "entropy": entropy(max(p, 1 / k))}


class Scoreboard:
    def __init__(self, n):
        self.score, self.winner, self.correct = [0] * n, 0, []

    def step(self, guesses, x):
        self.correct.append(guesses[self.winner] == x)
        for j, guess in enumerate(guesses):
            if guess == x:
                self.score[j] += 1
                if self.score[j] >= self.score[self.winner]:
                    self.winner = j


def mcw(s, k, sizes=(63, 255, 1023, 4095)):
    board = Scoreboard(len(sizes))
    for i in range(sizes[0], len(s)):
        guesses = []
        for w in sizes:
            if i < w:
                guesses.append(None)
                continue
            window = s[i - w:i]
            count = Counter(window)
            most = max(count.values())
            guesses.append(next(x for x in reversed(window) if count[x] == most))
        board.step(guesses, s[i])
    return result(board.correct, k)


def lag(s, k, depth=128):
    board = Scoreboard(depth)
    for i in range(1, len(s)):
        board.step([s[i - d] if d <= i else None for d in range(1, depth + 1)], s[i])
    return result(board.correct, k)


def mmc(s, k, depth=16, limit=100000):
    models = [{} for _ in range(depth)]
    board = Scoreboard(depth)
    for i in range(2, len(s)):
        for d in range(1, depth + 1):
            if d < i:
                x, y, m = tuple(s[i - d - 1:i - 1]), s[i - 1], models[d - 1]
                if x not in m and len(m) < limit:
                    m[x] = Counter()
                if x in m:
                    m[x][y] += 1
        guesses = []
        for d in range(1, depth + 1):
            m = models[d - 1].get(tuple(s[i - d:i])) if d <= i else None
            guesses.append(max(m, key=lambda y: (m[y], y)) if m else None)
        board.step(guesses, s[i])
    return result(board.correct, k)


def lz78y(s, k, depth=16, limit=65536):
    words, correct = {}, []
    for i in range(depth + 1, len(s)):
        for j in range(depth, 0, -1):
            x = tuple(s[i - j - 1:i - 1])
            if x not in words and len(words) < limit:
                words[x] = Counter()
            if x in words:
                words[x][s[i - 1]] += 1
        guess, most = None, 0
        for j in range(depth, 0, -1):
            m = words.get(tuple(s[i - j:i]))
            if m:
                y = max(m, key=lambda y: (m[y], y))
                if m[y] > most:
                    guess, most = y, m[y]
        correct.append(guess == s[i])
    return result(correct, k)


def statistics(s, binary):
    """The 19 statistics of section 5.1."""
    total, n = sum(s), len(s)
    blocks = [s[i:i + 8] + [0] * (8 - len(s[i:i + 8])) for i in range(0, n, 8)]
    one = [sum(b) for b in blocks] if binary else s
    two = [int("".join(map(str, b)), 2) for b in blocks] if binary else s
    order = sorted(s)
    median = 0.5 if binary else (order[(n - 1) // 2] + order[n // 2]) / 2
    at, worst = 0, Fraction(0)
    for i, x in enumerate(s, 1):
        at += x
        worst = max(worst, abs(Fraction(at) - Fraction(i * total, n)))
    out = [float(worst)]

    def runs(signs):
        lengths = [1]
        for a, b in zip(signs, signs[1:]):
            if a == b:
                lengths[-1] += 1
            else:
                lengths.append(1)
        return [len(lengths), max(lengths)]

    up = [a <= b for a, b in zip(one, one[1:])]
    out += runs(up) + [max(up.count(True), up.count(False))]
    out += runs([x >= median for x in s])
    found, seen = [], []
    for x in two:
        seen.append(x)
        if len(set(seen)) < len(seen):
            found.append(len(seen))
            seen = []
    out += [sum(found) / len(found) if found else 0, max(found, default=0)]
    for p in (1, 2, 8, 16, 32):
        out.append(sum(a == b for a, b in zip(one, one[p:])))
    for p in (1, 2, 8, 16, 32):
        out.append(sum(a * b for a, b in zip(one, one[p:])))
    out.append(len(bz2.compress(" ".join(map(str, s)).encode(), 5)))
    return out


def sequence(name, bits, n, seed):
    r = random.Random(seed)
    k = 1 << bits
    if name == "uniform":
        return [r.randrange(k) for _ in range(n)]
    if name == "biased":
        return [min(int(r.random() ** 3 * k), k - 1) for _ in range(n)]
    if name == "sticky":
        out = [0]
        while len(out) < n:
            out.append(out[-1] if r.random() < 0.8 else r.randrange(k))
        return out
    if name == "periodic":
        base = [r.randrange(k) for _ in range(37)]
        return [base[i % 37] if r.random() > 0.05 else r.randrange(k) for i in range(n)]
    raise ValueError(name)


def case(name, bits, n, seed):
    s = sequence(name, bits, n, seed)
    k = len(set(s))
    rank = {x: i for i, x in enumerate(sorted(set(s)))}
    m = [rank[x] for x in s]
    c = {"name": name, "bits": bits, "symbols": s, "mcv": mcv(m), "statistics": statistics(s, bits == 1), **tuples(m)}
    if bits == 1:
        c.update(collision=collision(s), markov=markov(s), compression=compression(s))
    c.update(mcw=mcw(m, k), lag=lag(m, k), mmc=mmc(m, k), lz78y=lz78y(m, k))
    # Small dictionaries, so that they are full early.
    c.update(mmcSmall=mmc(m, k, 6, 60), lz78ySmall=lz78y(m, k, 7, 53), mcwEven=mcw(m, k, (2, 4, 10)))
    return c


if __name__ == "__main__":
    cases = [case(name, bits, 9000 if bits == 1 else 1500, 10 * bits + i)
             for bits in (1, 2, 4, 8) for i, name in enumerate(("uniform", "biased", "sticky", "periodic"))]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sp80090b.json")
    with open(path, "w") as file:
        json.dump({"made_by": "make_sp80090b.py", "cases": cases}, file, separators=(",", ":"))
        file.write("\n")
