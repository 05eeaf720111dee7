import BellHost
import BellModel
import BellRandomness
import Glibc

/// The battery `dieharder`: the Debian program of that name, started for each of its tests that the file suffices for.
enum DieharderBattery {
    /// The slowest test that was measured took 50 s; a machine may be ten times as slow.
    private static let timeLimit = Duration.seconds(600)

    static func report(_ run: BatteryRun) throws(BellError) -> BatteryReport {
        guard let program = Programs.onPath("dieharder") else {
            throw BellError(
                .dieharder, "dieharder is not installed.", at: "--battery dieharder",
                fix: "run `apt-get install dieharder`, or choose another battery")
        }
        guard let file = run.source.wholeFile else {
            throw BellError(
                .dieharder, "dieharder reads a whole file, and \(run.source.name) is a part of one or a pipe.",
                at: "--battery dieharder", fix: "write the bits that are meant into a file of their own")
        }
        let signals = try SignalCount()
        var lines: [BatteryLine] = []
        let possible = Dieharder.tests.count { $0.bits <= run.source.bits }
        var done = 0
        for test in Dieharder.tests {
            guard test.bits <= run.source.bits else {
                lines.append(Dieharder.missing(test))
                continue
            }
            run.progress(Double(done) / Double(possible), ["dieharder", test.name])
            lines.append(try play(test, program, file, signals))
            done += 1
        }
        return Dieharder.report(bits: run.source.bits, lines: lines)
    }

    private static func play(
        _ test: Dieharder.Test, _ program: String, _ file: String, _ signals: SignalCount
    ) throws(BellError) -> BatteryLine {
        let log = try temporaryFile()
        defer { unlink(log) }
        let child = try ChildProcess.spawn(
            program, Dieharder.arguments(test, file: file), logFile: log, deathSignal: .kill)
        let end = ContinuousClock.now + timeLimit
        var ending: ChildProcess.Ending?
        while ending == nil {
            ending = child.wait(timeoutMilliseconds: 100)
            let isLate = ContinuousClock.now > end
            guard ending == nil, isLate || signals.count > 0 else { continue }
            child.signal(.kill)
            _ = child.wait()
            if !isLate { throw EntropyBatteries.interrupted }
            throw BellError(
                .dieharder, "dieharder did not end within \(timeLimit).", at: "-d \(test.number)",
                state: "nothing was written", fix: "try again on a machine with less load")
        }
        let arguments = Dieharder.arguments(test, file: file).joined(separator: " ")
        let output = String(decoding: try readFile(log, limit: 1 << 20), as: UTF8.self)
        guard let line = Dieharder.line(test, output: output) else {
            throw BellError(
                .dieharder, "dieharder gave no result.", at: "-d \(test.number)",
                cause: "last words: \(output.split(separator: "\n").last?.prefix(200) ?? "none")",
                fix: "run `dieharder \(arguments)` to see why")
        }
        return line
    }

    /// `mkstemp(3)`.
    private static func temporaryFile() throws(BellError) -> String {
        let folder = environmentVariable("TMPDIR") ?? "/tmp"
        var name = Array("\(folder)/bellctl-dieharder-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else {
            throw BellError(
                .dieharder, "dieharder's output cannot be kept.", at: folder,
                cause: "mkstemp: \(String(cString: strerror(errno)))", fix: "set TMPDIR to a folder that is writable")
        }
        close(file)
        return name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}

extension BellError.Code {
    /// The outside program dieharder is absent, cannot read the bits, or did not answer.
    static let dieharder = BellError.Code("tool.dieharder", exit: .usage)
}
