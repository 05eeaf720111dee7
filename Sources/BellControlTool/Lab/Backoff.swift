/// How long to wait before a process that died is started again.
///
/// Doubles from 0.5 s to 30 s; a process that lived for a minute begins anew. Pure.
struct Backoff: Equatable {
    /// 0.5 s: long enough for a socket to be free again, short enough not to be noticed.
    static let first: UInt64 = 500_000_000
    /// 30 s: a defect must not fill the log overnight (1 000 restarts in 8 h).
    static let longest: UInt64 = 30_000_000_000
    /// 60 s alive count as healthy.
    static let healthy: UInt64 = 60_000_000_000

    private var next = Backoff.first

    /// The wait in nanoseconds after a death that followed `lifetime` nanoseconds of life.
    mutating func delay(lifetime: UInt64) -> UInt64 {
        if lifetime >= Backoff.healthy { next = Backoff.first }
        let delay = next
        next = min(next * 2, Backoff.longest)
        return delay
    }
}
