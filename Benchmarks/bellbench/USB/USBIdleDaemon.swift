import BellHost
import BellModel
import BellZeroMQ
import Glibc

/// belld itself with both boards on emulated USB and no campaign: what it costs to keep them.
struct USBIdleDaemon {
    private static let seconds = 6

    private let bench: Bench
    /// Tests/USB/run.
    private let testbed: String

    init(_ bench: Bench, testbed: String) {
        self.bench = bench
        self.testbed = testbed
    }

    func row() throws(BellError) -> BenchRow {
        let (state, run) = try bench.state("usb-idle")
        let server = "\(run.path)/usbip"
        let folder = parent(of: bench.folders.laboratory)
        let mocklab = try bench.start(
            "mocklab", ["--profile", "\(folder)/profile.yaml", "--state", state.path, "--usbip", server])
        defer { bench.stop(mocklab) }
        try bench.wait(for: "mocklab's USB/IP server", seconds: 10, of: [mocklab], every: 20) { fileExists(server) }
        let daemon = try RemoteDaemon(
            bench, state: state, run: run, context: ZeroMQContext(), laboratory: try onUSB(folder),
            under: [testbed, "--server", server])
        defer { bench.stop(daemon.process) }
        try daemon.awaitBoards(of: [mocklab])
        let belld = try child(of: daemon.process)
        try pause(1)
        let before = ProcessFacts(belld).cpuSeconds
        try pause(USBIdleDaemon.seconds)
        let share = (ProcessFacts(belld).cpuSeconds - before) / Double(USBIdleDaemon.seconds)
        return BenchRow(
            id: "usb.idle-belld", what: "CPU of belld, both boards on USB, no campaign", value: share, unit: .fraction,
            goal: "< 1 % of a core", isMet: share < 0.01,
            notes: [
                "belld's CPU time by /proc over \(USBIdleDaemon.seconds) s, in steps of \(1000 / sysconf(Int32(_SC_CLK_TCK))) ms; "
                    + "the boards are mocklab's, over USB/IP"
            ])
    }

    /// The laboratory with the boards' addresses changed, and all that its file names beside it.
    private func onUSB(_ folder: String) throws(BellError) -> String {
        let copy = "\(bench.folder)/usb-lab"
        try makeFolder(copy)
        for name in try folderContents(folder) where name.hasSuffix(".yaml") {
            let text = try readText("\(folder)/\(name)")
                .replacing("at: zmq+ipc://@run/alice", with: "at: usb://1209:be11/ALICE01")
                .replacing("at: zmq+ipc://@run/bob", with: "at: usb://1209:be11/BOB01")
            try writeFileAtomically("\(copy)/\(name)", text: text)
        }
        return "\(copy)/lab.yaml"
    }

    /// What the wrapper has started; children(5) of /proc.
    private func child(of process: ChildProcess) throws(BellError) -> Int32 {
        let number = process.processID
        let text = try readText("/proc/\(number)/task/\(number)/children")
        guard let child = text.split(separator: " ").first.flatMap({ Int32($0) }) else {
            throw BellError(.benchProgram, "Tests/USB/run has started nothing.", at: testbed)
        }
        return child
    }

    private func pause(_ seconds: Int) throws(BellError) {
        for _ in 0..<seconds * 10 {
            try bench.interruption.check()
            usleep(100_000)
        }
    }
}
