import BellHost
import BellModel
import Glibc

/// Bytes a second, and this process's CPU time meanwhile, from the end of a warm-up on.
struct RateMeter {
    private let begin: UInt64
    private let end: UInt64
    private var start: (time: UInt64, cpu: Double)?
    private var stop: (time: UInt64, cpu: Double)?
    private var bytes = 0

    /// - Parameters:
    ///   - milliseconds: The time that is measured.
    ///   - warmUp: Milliseconds before it.
    init(milliseconds: Int, warmUp: Int = 300) {
        begin = monotonicNanoseconds() + UInt64(warmUp) * 1_000_000
        end = begin + UInt64(milliseconds) * 1_000_000
    }

    /// Counts bytes; true when the time is over.
    mutating func add(_ count: Int) -> Bool {
        let now = monotonicNanoseconds()
        guard start != nil else {
            if now >= begin { start = (now, RateMeter.cpuSeconds) }
            return false
        }
        bytes += count
        stop = (now, RateMeter.cpuSeconds)
        return now >= end
    }

    var json: JSON {
        guard let start, let stop, stop.time > start.time else { return .null }
        let seconds = Double(stop.time - start.time) / 1e9
        return [
            "bytes_per_second": .double(Double(bytes) / seconds), "seconds": .double(seconds),
            "cpu_share": .double((stop.cpu - start.cpu) / seconds),
        ]
    }

    /// User and system time of all threads so far.
    private static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
