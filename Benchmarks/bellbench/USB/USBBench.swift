import BellHost
import BellModel
import DriverKit
import VirtualUSB

/// The USB drivers through Debian's libusb, in the emulation that CI uses, beside bare C on the same pipes.
///
/// Three processes: the simulated devices, the host under Tests/USB/run, and this one, which lets host and peers take turns.
struct USBBench {
    private static let turns = 10
    /// Short and many: what else runs on the machine spares some of them.
    private static let streamTurns = 10
    private static let windowMilliseconds = 700
    private static let idleMilliseconds = 6000
    private static let setRounds = 300
    private static let queryRounds = 600
    static let question = "FREQ?"

    let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        guard let testbed = bench.folders.testbed else {
            bench.say("no rows of USB: umockdev is missing, or --testbed was not given")
            return []
        }
        let folder = try bench.state("usb").1.path
        let devices = try bench.start("bellbench", ["usb-devices", folder])
        defer { bench.stop(devices) }
        try bench.wait(for: "the simulated devices", seconds: 20, of: [devices], every: 20) {
            ((try? readText("\(bench.folder)/bellbench.log")) ?? "").contains("ready")
        }
        let host = USBTurns(bench: bench, testbed: testbed, folder: folder)
        return try streamRows(host) + [idleRow(host), USBIdleDaemon(bench, testbed: testbed).row()] + switchRows(host)
            + [queryRow(host)]
    }

    // MARK: The board's pipes

    private func streamRows(_ host: USBTurns) throws(BellError) -> [BenchRow] {
        var (read, bare, write, bareWrite) = (Rates(), Rates(), Rates(), Rates())
        for _ in 0..<USBBench.streamTurns {
            read.add(try host.ours(.stream, "read", USBBench.windowMilliseconds))
            try bare.add(host.bulk(endpoint: "0x81", milliseconds: USBBench.windowMilliseconds))
            write.add(try host.ours(.stream, "write", USBBench.windowMilliseconds))
            try bareWrite.add(host.bulk(endpoint: "0x01", milliseconds: USBBench.windowMilliseconds))
        }
        let ratio = bare.best == 0 ? nil : read.best / bare.best
        let isFast = read.best >= 200e6
        return [
            BenchRow(
                id: "usb.read", what: "board over USB, emulated: frames read, checked, decoded", value: read.best,
                unit: .bytesPerSecond, beside: bare.comparisons("C: libusb, 8 × 256 KiB, nothing looked at"),
                goal: "≥ 200 MB/s and ≥ 0.6 × C", isMet: isFast && (ratio.map { $0 >= 0.6 } ?? false),
                notes: [
                    "TRIALS frames of \(StreamingBoard.trials) records; fastest of \(USBBench.streamTurns) turns of "
                        + "\(Double(USBBench.windowMilliseconds) / 1000) s; median \(read.medianText), C's \(bare.medianText)",
                    "CPU a gigabyte, all threads of the host with the shim's: \(read.cpuText), C's \(bare.cpuText)",
                ]),
            BenchRow(
                id: "usb.write", what: "the other direction: frames written", value: write.best, unit: .bytesPerSecond,
                beside: bareWrite.comparisons("C: libusb, 8 × 256 KiB of zeroes"),
                notes: [
                    "the device forgets what it takes; median \(write.medianText), C's \(bareWrite.medianText)",
                    "CPU a gigabyte: \(write.cpuText), C's \(bareWrite.cpuText)",
                ]),
        ]
    }

    private func idleRow(_ host: USBTurns) throws(BellError) -> BenchRow {
        let share = try host.ours(.idle, "idle", USBBench.idleMilliseconds)["cpu_share"]?.doubleValue ?? 1
        return BenchRow(
            id: "usb.idle", what: "CPU of two boards that are silent, hotplug watched", value: share, unit: .fraction,
            goal: "< 1 % of a core", isMet: share < 0.01,
            notes: [
                "CPU time of the host's process, every thread of it, over \(USBBench.idleMilliseconds / 1000) s; "
                    + "8 reads are under way on each board"
            ])
    }

    // MARK: Latencies

    private func switchRows(_ host: USBTurns) throws(BellError) -> [BenchRow] {
        let answer = try host.ours(.switches, "switches", USBBench.setRounds)
        var rows: [BenchRow] = []
        for (place, box) in USBDeviceProgram.boxes.enumerated() {
            guard let latency = answer["boxes"]?.arrayValue?[place]["latency"],
                let median = latency["p50_us"]?.doubleValue, let late = latency["p99_us"]?.doubleValue,
                let interval = USBBench.interval(of: box)
            else { throw BellError(.benchProgram, "The host has not measured \(box.model).") }
            let exchanges = USBBench.exchanges(of: box)
            let least = Double(2 * exchanges) * interval
            let over = (median - least) / interval
            rows.append(
                BenchRow(
                    id: "usb.switch.\(box.model)", what: "\(box.model), emulated: set and read back, p50",
                    value: median, unit: .microseconds,
                    beside: [.init(name: "limit: \(2 * exchanges) interrupt intervals", value: least)],
                    goal: "≤ limit + 2 intervals", isMet: over <= 2,
                    notes: [
                        "interval \(Unit.microseconds.text(interval)) by the descriptor; \(exchanges) exchanges of one report "
                            + "out and one in; \(Unit.digits(over)) intervals over the limit; p99 "
                            + Unit.microseconds.text(late)
                    ]))
        }
        return rows
    }

    /// Microseconds by `bInterval` of a high-speed device: 2^(n − 1) microframes (USB 2.0, table 9-13).
    private static func interval(of box: SimulatedMiniCircuits.Description) -> Double? {
        SimulatedMiniCircuits(box)?.descriptors.interfaces.first?.endpoints.first.map {
            125 * Double(1 << (min(max($0.interval, 1), 16) - 1))
        }
    }

    /// Codes: set, ask. Text has one code for both, so that between them the serial number is asked to know that no older
    /// answer is on its way.
    private static func exchanges(of box: SimulatedMiniCircuits.Description) -> Int {
        box.model == "USB-SP4T-63" ? 2 : 3
    }

    private func queryRow(_ host: USBTurns) throws(BellError) -> BenchRow {
        var (ours, bare, visa) = (Samples(), Samples(), Samples())
        var late = Samples()
        var version: String?
        var answers: Set<String> = []
        for _ in 0..<USBBench.turns {
            let answer = try host.ours(.source, "source", USBBench.queryRounds)
            ours.add(answer["latency"]?["p50_us"]?.doubleValue ?? .infinity)
            late.add(answer["latency"]?["p99_us"]?.doubleValue ?? .infinity)
            answers.insert(answer["answer"]?.stringValue ?? "")
            if let peer = try host.query(rounds: USBBench.queryRounds) {
                bare.add(peer["p50_us"]?.doubleValue ?? 0)
                answers.insert(peer["answer"]?.stringValue ?? "")
            }
            if let peer = try host.visa(rounds: USBBench.queryRounds / 3) {
                visa.add(peer["p50_us"]?.doubleValue ?? 0)
                answers.insert(peer["answer"]?.stringValue ?? "")
                version = peer["version"]?.stringValue
            }
        }
        guard answers.count == 1 else {
            throw BellError(
                .benchDisagreement, "The instrument answers differently.",
                cause: answers.sorted().joined(separator: ", "))
        }
        var beside: [BenchRow.Comparison] = []
        if !bare.values.isEmpty { beside.append(.init(name: "C: blocking libusb calls", value: bare.median)) }
        if !visa.values.isEmpty { beside.append(.init(name: "pyvisa-py \(version ?? ""), pyusb", value: visa.median)) }
        return BenchRow(
            id: "usb.query", what: "SCPI over USBTMC, emulated: \(USBBench.question) p50", value: ours.median,
            unit: .microseconds, beside: beside, goal: "≤ 1.3 × C",
            isMet: !bare.values.isEmpty && ours.median <= 1.3 * bare.median,
            notes: [
                "median of \(USBBench.turns) turns of \(USBBench.queryRounds); fastest "
                    + "\(Unit.microseconds.text(ours.quantile(0))), C's \(Unit.microseconds.text(bare.quantile(0))); p99 "
                    + Unit.microseconds.text(late.median)
            ] + (visa.values.isEmpty ? ["pyvisa-py is not measured: it is not installed"] : []))
    }
}

/// Rates of several turns, with the CPU time that they took.
private struct Rates {
    private var rates = Samples()
    private var cpu = Samples()

    /// Takes what a host or a peer has printed; nil for a peer that is not there.
    mutating func add(_ answer: JSON?) {
        guard let rate = answer?["bytes_per_second"]?.doubleValue, rate > 0 else { return }
        rates.add(rate)
        if let share = answer?["cpu_share"]?.doubleValue { cpu.add(share / rate * 1e9) }
    }

    var best: Double { rates.best }
    var medianText: String { Unit.bytesPerSecond.text(rates.median) }
    var cpuText: String { "\(Unit.digits(cpu.median)) s" }

    func comparisons(_ name: String) -> [BenchRow.Comparison] {
        rates.values.isEmpty ? [] : [.init(name: name, value: best)]
    }
}
