/// Prime numbers for the lengths that extractors want; all by trial division, which for 2^30 is 2^15 steps at most.
enum Primes {
    static func isPrime(_ n: Int) -> Bool {
        guard n >= 4 else { return n == 2 || n == 3 }
        guard n % 2 != 0 else { return false }
        var divisor = 3
        while divisor * divisor <= n {
            if n % divisor == 0 { return false }
            divisor += 2
        }
        return true
    }

    /// The distinct primes that divide n, ascending.
    static func factors(of n: Int) -> [Int] {
        var (rest, found, divisor) = (n, [Int](), 2)
        while divisor * divisor <= rest {
            if rest % divisor == 0 {
                found.append(divisor)
                while rest % divisor == 0 { rest /= divisor }
            }
            divisor += divisor == 2 ? 1 : 2
        }
        return rest > 1 ? found + [rest] : found
    }

    /// Whether n is an odd prime and 2 generates all of 1 … n − 1 modulo n.
    static func hasPrimitiveRootTwo(_ n: Int) -> Bool {
        guard n > 2, isPrime(n) else { return false }
        return factors(of: n - 1).allSatisfy { power(2, (n - 1) / $0, modulo: n) != 1 }
    }

    /// The largest prime up to n, by a property; nil when there is none.
    static func largest(upTo n: Int, where holds: (Int) -> Bool) -> Int? {
        var candidate = n
        while candidate >= 2 {
            if holds(candidate) { return candidate }
            candidate -= 1
        }
        return nil
    }

    private static func power(_ base: Int, _ exponent: Int, modulo n: Int) -> Int {
        var (result, factor, exponent) = (1, base % n, exponent)
        while exponent > 0 {
            if exponent & 1 == 1 { result = result * factor % n }
            factor = factor * factor % n
            exponent >>= 1
        }
        return result
    }
}
