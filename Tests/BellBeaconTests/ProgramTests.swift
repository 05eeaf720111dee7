import BellCrypto
import BellHTTP
import BellHost
import BellModel
import BellPool
import Glibc
import TestSupport
import Testing

@testable import BellBeacon

/// The real program bellbeacon, with pools whose bits are known.
@Suite("The program bellbeacon", .serialized, .blocking)
struct ProgramTests {
    private let folder: TemporaryFolder
    private let state: StateDirectory
    private var log: String { state.file("logs/bellbeacon.log") }

    init() throws {
        folder = try TemporaryFolder()
        state = try StateDirectory(path: folder.path)
    }

    /// Enters a pool without a campaign behind it.
    private func pool(_ number: UInt8, _ kind: Plan.Pool = .public, bits: Int, isSimulated: Bool = true) throws
        -> [UInt8]
    {
        let id = try #require(CampaignID(bytes: [UInt8](repeating: number, count: 16)))
        var random = SplitMix(seed: UInt64(number))
        let bytes = (0..<bits / 8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try makeFolder(state.folder(of: id))
        try writeFileAtomically("\(state.folder(of: id))/bits.bin", bytes)
        try enterPool(id, kind, bytes, isSimulated: isSimulated, in: state)
        return bytes
    }

    private func start(_ arguments: String..., listen: String = "127.0.0.1:0") throws -> ChildProcess {
        let program = "\(parent(of: executablePath()))/bellbeacon"
        try #require(fileExists(program), "bellbeacon is built beside the tests")
        return try ChildProcess.spawn(
            program, ["--state", state.path, "--listen", listen, "--period", "1"] + arguments, logFile: log,
            deathSignal: .kill)
    }

    private func lines() -> [Substring] { ((try? readText(log)) ?? "").split(separator: "\n") }

    /// Where the program that was started last answers.
    private func address(after starts: Int) async throws -> String {
        try await eventually("bellbeacon is ready") {
            lines().count { $0.hasPrefix("bellbeacon ready ") } > starts
        }
        return String(try #require(lines().last { $0.hasPrefix("bellbeacon ready ") }).split(separator: " ")[2])
    }

    private func verify(_ address: String) throws -> (BeaconVerification.Report, [Pulse]) {
        var pulses: [Pulse] = []
        let report = try BeaconVerification(try BeaconClient(address), chain: nil, trusted: nil).chain {
            (_, _, more) throws(BellError) in pulses += more
        }
        return (report, pulses)
    }

    @Test("kill -9 at any moment leaves one sound chain: no pulse is lost, none is made twice, no bit is used twice")
    func kills() async throws {
        let bits = try pool(1, bits: 512 * 400)
        var random = SplitMix(seed: 5)
        var seen: [UInt64: Pulse] = [:]
        for turn in 0..<12 {
            let child = try start()
            defer { child.signal(.kill) }
            let address = try await address(after: turn)
            let end = monotonicNanoseconds() + random.next() % 2_500_000_000
            while monotonicNanoseconds() < end {
                // What has been given out once is never unsaid.
                if let pulse = try? BeaconClient(address).pulse("pulse/last") { seen[pulse.pulseIndex] = pulse }
                usleep(1000)
            }
            child.signal(.kill)
            #expect(child.wait() == .signalled(SIGKILL))
        }
        let child = try start()
        defer { child.signal(.kill) }
        let last = try await address(after: 12)
        try await eventually("a few pulses") { try BeaconClient(last).chain(nil).pulses?.upperBound ?? 0 > 3 }
        let (report, pulses) = try verify(last)
        #expect(report.findings == [])
        #expect(!seen.isEmpty && seen.allSatisfy { pulses[Int($0.key) - 1] == $0.value })
        let firsts = pulses.map { Int($0.origin.firstBit) }
        #expect(Set(firsts).count == firsts.count)
        for pulse in pulses {
            let at = Int(pulse.origin.firstBit) / 8
            #expect(pulse.localRandomValue.bytes == Array(bits[at..<(at + 64)]))
        }
        // Every withdrawal is one pulse, or waits, or was lost to a kill: at most one each time.
        let ledger = try PoolLedger.open(state: state)
        let taken = try ledger.pools()[0].given / 512
        #expect(taken >= UInt64(pulses.count) + 1 && taken <= UInt64(pulses.count) + 3 + 12)
        child.signal(.terminate)
        #expect(child.wait(timeoutMilliseconds: 5000) == .exited(0))
        #expect(mode(of: state.file("beacon.sqlite")) == 0o600 && mode(of: state.key("beacon").path) == 0o600)
        try checkWithoutBelld(report, pulses)
    }

    /// Python's hashlib and openssl find the same.
    private func checkWithoutBelld(_ report: BeaconVerification.Report, _ pulses: [Pulse]) throws {
        func python(_ archive: BeaconArchive) throws -> Int32 {
            let path = folder.file("chain.json")
            try writeFileAtomically(path, text: archive.json.text)
            let script = "\(sourceRoot())/Tests/python/beacon_verify.py"
            let child = try ChildProcess.spawn("/usr/bin/python3", [script, path], logFile: folder.file("python.log"))
            guard case .exited(let status) = child.wait(timeoutMilliseconds: 60_000) else { return -1 }
            return status
        }
        let archive = BeaconArchive(certificates: [report.certificate], pulses: pulses, name: "test")
        #expect(try python(archive) == 0, "\((try? readText(folder.file("python.log"))) ?? "")")
        var changed = archive
        changed.pulses[1].precommitmentValue = .zero
        #expect(try python(changed) == 1)
    }

    @Test("Without a public pool it answers and says why there is no pulse; with one it goes on, measured bits first")
    func empty() async throws {
        _ = try pool(1, .private, bits: 512 * 10)
        let child = try start()
        defer { child.signal(.kill) }
        let address = try await address(after: 0)
        try await eventually("it knows that there are no bits") {
            try BeaconClient(address).chain(nil).state == "no certified bits"
        }
        #expect(try BeaconClient(address).chain(nil).pulses == nil)
        #expect { try BeaconClient(address).pulse("pulse/last") } throws: { ($0 as? BellError)?.code == .beaconMissing }
        _ = try pool(3, bits: 512 * 3 + 8)
        _ = try pool(2, bits: 512, isSimulated: false)
        // Three values of four can be given out: the last is committed to, and waits for its successor.
        try await eventually("three pulses, then no more") {
            let chain = try BeaconClient(address).chain(nil)
            return chain.pulses == 1...3 && chain.state == "no certified bits"
        }
        let (report, pulses) = try verify(address)
        #expect(report.findings == [] && report.isSimulated)
        #expect(pulses.map(\.origin.isSimulated) == [false, true, true])
        // A machine that is slow may leave a pulse out.
        #expect(pulses.map { $0.statusCode.subtracting(.timeGap).rawValue } == [1, 65536, 65536])
        let first = try PoolLedger.open(state: state).pools().first { $0.kind == .private }
        #expect(first?.given == 0, "keys stay secret")
        child.signal(.interrupt)
        #expect(child.wait(timeoutMilliseconds: 5000) == .exited(0))
    }

    @Test("A second one on the same state directory is refused, and so is an address that others can reach")
    func refused() async throws {
        let child = try start()
        defer { child.signal(.kill) }
        _ = try await address(after: 0)
        let second = try start()
        #expect(second.wait(timeoutMilliseconds: 10_000) == .exited(2))
        #expect(lines().contains { $0.contains("It runs already") })
        let open = try start(listen: "0.0.0.0:0")
        #expect(open.wait(timeoutMilliseconds: 10_000) == .exited(2))
        #expect(lines().contains { $0.contains("can be reached from other machines") })
    }
}
