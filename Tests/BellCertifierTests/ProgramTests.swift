import BellCertification
import BellHost
import BellModel
import BellStream
import BellZeroMQ
import Glibc
import Testing
import TestSupport

@testable import BellCertifier

/// The real program bellcert against an outcome server in the test.
@Suite("The program bellcert", .serialized, .blocking)
struct ProgramTests {
    let folder: TemporaryState
    let endpoint: String
    var log: String { folder.state.file("logs/bellcert.log") }

    init() throws {
        folder = try TemporaryState()
        endpoint = try RunDirectory(for: folder.state).endpoint("outcomes")
    }

    private func start(_ arguments: String...) throws -> ChildProcess {
        let program = "\(parent(of: executablePath()))/bellcert"
        try #require(fileExists(program), "bellcert is built beside the tests")
        return try ChildProcess.spawn(
            program, arguments.isEmpty ? ["--state", folder.state.path] : arguments, logFile: log,
            deathSignal: .kill)
    }

    /// belld's side for a while.
    private struct Server {
        let reactor: Reactor
        let server: OutcomeServer

        init(_ endpoint: String, _ source: MemoryOutcomeSource) throws {
            reactor = try Reactor(context: try ZeroMQContext(), name: "belld")
            server = try OutcomeServer(reactor: reactor, endpoint: endpoint, source: source)
        }

        func close() {
            server.close()
            reactor.shutdown()
        }
    }

    private func wait(_ seconds: Double, for condition: () throws -> Bool) rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try condition() { return true }
            usleep(2000)
        }
        return false
    }

    private func logText() -> String { (try? readText(log)) ?? "" }

    @Test("a key that others can read keeps it from starting, and it says how to mend that")
    func openKey() throws {
        try makeFolder(folder.state.file("keys"))
        let path = folder.state.key("certifier").path
        try writeFileAtomically(path, text: String(repeating: "a", count: 64) + "\n", mode: 0o644)
        let child = try start()
        defer { child.signal(.kill) }
        #expect(child.wait(timeoutMilliseconds: 10_000) == .exited(2))
        #expect(logText().contains("wider than 600") && logText().contains("chmod 600 \(path)"))
    }

    @Test("it says ready without belld, then takes two campaigns to their certificates, and SIGTERM ends it cleanly")
    func straight() throws {
        let fixtures = [try Fixture(1), try Fixture(2, trials: 4096, run: 1100)]
        let child = try start()
        defer { child.signal(.kill) }
        #expect(wait(10) { logText().contains("bellcert ready\n") })
        let source = Fixture.source(fixtures[0], fixtures[1])
        let server = try Server(endpoint, source)
        defer { server.close() }
        #expect(try wait(20) { try source.campaigns().isEmpty })
        for fixture in fixtures {
            let path = "\(folder.state.folder(of: fixture.campaign))/certificate.json"
            let certificate = try Certificate(parsing: try readFile(path), source: path)
            #expect(certificate.tally.valid == fixture.tally.valid)
            #expect(certificate.tally.losses(.notRun) == fixture.end.notRun)
        }
        #expect(child.signal(.terminate))
        #expect(child.wait(timeoutMilliseconds: 5000) == .exited(0))
        #expect(logText().contains("stopped"))
    }

    @Test(
        "kill -9 of bellcert and restarts of belld at random moments lose no trial and count none twice",
        arguments: [1, 2] as [UInt64])
    func kills(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let fixture = try Fixture(3, trials: 32768, arm: 32, block: 4096, seed: seed)
        let source = MemoryOutcomeSource()
        source.add(fixture.campaign, fixture.begin)
        let path = "\(folder.state.folder(of: fixture.campaign))/cert.sqlite"
        var left = fixture.items[...]
        var server = try Server(endpoint, source)
        func readies() -> Int { logText().split(separator: "\n").count { $0.hasSuffix("bellcert ready") } }
        var readiesBefore = readies()
        var child = try start()
        defer { child.signal(.kill) }
        var kills = 0
        while !left.isEmpty {
            for item in left.prefix(20) {
                source.append(item, to: fixture.campaign)
                server.server.notify(fixture.campaign)
            }
            left = left.dropFirst(20)
            usleep(UInt32(random.next() % 60_000))
            if random.next() % 4 == 0 {
                child.signal(.kill)
                #expect(child.wait() == .signalled(SIGKILL))
                kills += 1
                // Whatever was acknowledged is on the certifier's disk.
                usleep(10_000)
                let acknowledged = source.acknowledgement(of: fixture.campaign).nextIndex
                if acknowledged > 0 {
                    let ledger = try Ledger(path: path, campaign: fixture.campaign, begin: nil)
                    #expect(ledger.count.nextIndex >= acknowledged)
                }
                readiesBefore = readies()
                child = try start()
            }
            if random.next() % 6 == 0 {
                server.close()
                server = try Server(endpoint, source)
            }
        }
        defer { server.close() }
        #expect(kills > 0)
        #expect(wait(30) { source.acknowledgement(of: fixture.campaign).end }, "\(logText())")
        // A child that was only just started does not watch for signals yet.
        #expect(wait(10) { readies() > readiesBefore }, "\(logText())")
        #expect(child.signal(.terminate))
        #expect(child.wait(timeoutMilliseconds: 5000) == .exited(0))
        let ledger = try Ledger(path: path, campaign: fixture.campaign, begin: nil)
        #expect(ledger.count.nextIndex == 32768)
        for arm in fixture.arms { try ledger.check(arm) }
        let file = "\(folder.state.folder(of: fixture.campaign))/certificate.json"
        let certificate = try Certificate(parsing: try readFile(file), source: file)
        #expect(certificate.tally == fixture.tally)
        #expect(certificate.evidence.eProcess.trials == 32768)
        let verdict = certificate.verdict == .notCertified ? "\"not certified\"" : certificate.verdict.rawValue
        #expect(logText().contains(" verdict=\(verdict)"), "\(logText())")
    }

    @Test("a second bellcert on one state directory is refused with the first one's process number")
    func second() throws {
        let child = try start()
        defer {
            child.signal(.kill)
            _ = child.wait()
        }
        #expect(wait(10) { logText().contains("bellcert ready\n") })
        let other = try start()
        #expect(other.wait(timeoutMilliseconds: 10_000) == .exited(ExitCode.usage.rawValue))
        #expect(logText().contains("process \(child.processID) holds the lock"))
    }

    @Test("a lie is refused and reported to belld, and the next campaign is certified")
    func lie() throws {
        var bad = try Fixture(1)
        let good = try Fixture(2)
        guard case .blockEnd(var block) = bad.items[16] else {
            Issue.record("a block's end was expected")
            return
        }
        block.evidenceRoots.alice = .zero
        bad.items[16] = .blockEnd(block)
        let source = Fixture.source(bad, good)
        let server = try Server(endpoint, source)
        defer { server.close() }
        let child = try start()
        defer {
            child.signal(.kill)
            _ = child.wait()
        }
        #expect(wait(20) { source.acknowledgement(of: good.campaign).end })
        #expect(wait(5) { server.server.status.refusals[bad.campaign] != nil })
        let error = try #require(server.server.status.refusals[bad.campaign])
        #expect(error.code == .streamContradiction)
        #expect(error.cause?.contains("other roots of evidence") == true)
        #expect(!source.acknowledgement(of: bad.campaign).end)
        #expect(!fileExists("\(folder.state.folder(of: bad.campaign))/certificate.json"))
        #expect(logText().contains("campaign refused"))
    }

    @Test("help, version and a wrong option do what they should")
    func commandLine() throws {
        #expect(try start("--help").wait() == .exited(0))
        #expect(logText().contains("usage: bellcert"))
        #expect(try start("--version").wait() == .exited(0))
        #expect(logText().contains("bellcert \(Version.belld)"))
        #expect(try start("--sate", "x").wait() == .exited(2))
        #expect(logText().contains("did you mean \"--state\""))
    }
}
