import BellHost
import BellModel
import BellRandomness
import Synchronization

/// SP 800-22 on all streams of a source, some at a time.
enum StreamWorkers {
    private struct Work {
        var next = 0
        var done = 0
        var pValues: [[Double?]?]
        var error: BellError?
    }

    private final class Shared: Sendable {
        let work: Mutex<Work>
        init(streams: Int) { work = Mutex(Work(pValues: .init(repeating: nil, count: streams))) }
    }

    static func report(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        let streams = run.source.bits / run.length.bits
        let shared = Shared(streams: streams)
        var threads: [JoinableThread] = []
        let (source, length) = (run.source, run.length)
        defer { for thread in threads { thread.join() } }
        do throws(BellError) {
            for number in 0..<min(run.threads, streams) {
                threads.append(
                    try startJoinableThread(named: "battery \(number)") { work(source, length, streams, shared) })
            }
        } catch {
            shared.work.withLock { $0.next = streams }
            throw error
        }
        while true {
            let (done, error) = shared.work.withLock { ($0.done, $0.error) }
            if let error { throw error }
            run.progress(
                streams == 0 ? 1 : Double(done) / Double(streams), ["sp800-22", "\(done) of \(streams) streams"])
            if done == streams { break }
            pause(milliseconds: 50)
        }
        var results = SP80022Results(length)
        for values in shared.work.withLock({ $0.pValues }) { if let values { results.add(values) } }
        return results.report(bits: source.bits, rule: SP80022Rule(level: run.level))
    }

    /// One thread's share: the next stream, until there is none or one could not be read.
    private static func work(_ source: BitSource, _ length: SP80022Length, _ streams: Int, _ shared: Shared) {
        do throws(BellError) {
            let examiner = try SP80022Examiner(length)
            let bytes = length.bits / 8
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
            defer { buffer.deallocate() }
            while true {
                let stream = shared.work.withLock { work in
                    defer { work.next += 1 }
                    return work.next
                }
                if stream >= streams { return }
                try source.read(at: stream * bytes, into: buffer)
                let values = examiner.pValues(of: UnsafeRawBufferPointer(buffer))
                shared.work.withLock {
                    $0.pValues[stream] = values
                    $0.done += 1
                }
            }
        } catch {
            shared.work.withLock {
                $0.error = error
                $0.next = streams
            }
        }
    }
}
