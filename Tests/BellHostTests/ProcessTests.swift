import BellModel
import CShims
import Glibc
import Synchronization
import Testing
import TestSupport

@testable import BellHost

/// Signals and children belong to the whole process: one test at a time.
@Suite(.serialized) struct ProcessTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a program gets its arguments and variables, writes its log and gives its status")
    func spawn() throws {
        let log = folder.file("log")
        let script = "echo \"$0 $1 $BELL_TEST\"; echo oops >&2; read line || echo empty; exit 7"
        let child = try ChildProcess.spawn(
            "/bin/sh", ["-c", script, "zero", "o n e"], environment: ["BELL_TEST": "yes"], logFile: log)
        #expect(child.wait() == .exited(7))
        #expect(child.wait() == .exited(7))
        #expect(!child.isRunning)
        #expect(!child.signal(.terminate))
        #expect(try readText(log) == "zero o n e yes\noops\nempty\n")
        #expect(mode(of: log) == 0o600)
    }

    @Test("a running program can be waited for in vain, and ended")
    func signals() throws {
        let child = try ChildProcess.spawn("/bin/sleep", ["1000"])
        #expect(child.isRunning)
        #expect(child.wait(timeoutMilliseconds: 5) == nil)
        #expect(getpgid(child.processID) == child.processID)
        #expect(child.signal(.terminate))
        #expect(child.wait() == .signalled(SIGTERM))
    }

    @Test("what a script has started ends with it", arguments: ["wait", "exit 3"], [true, false])
    func group(end: String, isSignalled: Bool) async throws {
        let note = folder.file("grandchild")
        let script = "trap '' TERM; (sleep 1000 & echo $! > \(note).new; mv \(note).new \(note); wait) & \(end)"
        let child = try ChildProcess.spawn("/bin/sh", ["-c", script], endsGroup: true)
        if end == "wait" {
            for _ in 0..<10_000 where !fileExists(note) { try await Task.sleep(for: .milliseconds(1)) }
            let grandchild = try #require(Int32(try readText(note).split(separator: "\n").first ?? ""))
            #expect(isAlive(grandchild))
            if isSignalled { child.signal(.kill) } else { kill(child.processID, SIGKILL) }
            #expect(child.wait() == .signalled(SIGKILL))
            for _ in 0..<10_000 where isAlive(grandchild) { try await Task.sleep(for: .milliseconds(1)) }
            #expect(!isAlive(grandchild))
        } else {
            #expect(child.wait() == .exited(3))
        }
    }

    @Test("a script that ignores its death signal, and what it has started, end when their starter is killed")
    func orphans() async throws {
        let note = folder.file("grandchild")
        let script = "trap '' TERM; sleep 1000 & echo $! > \(note).new; mv \(note).new \(note); wait"
        let child = try ChildProcess.spawn("/bin/sh", ["-c", script], deathSignal: nil)
        for _ in 0..<10_000 where !fileExists(note) { try await Task.sleep(for: .milliseconds(1)) }
        let grandchild = try #require(Int32(try readText(note).split(separator: "\n").first ?? ""))
        var line: Int32 = -1
        let watcher = bell_watch_group(child.processID, 50, &line)
        #expect(watcher > 0)
        #expect(isAlive(child.processID) && isAlive(grandchild))
        // As the system does when a process has been killed.
        close(line)
        #expect(child.wait(timeoutMilliseconds: 20_000) == .signalled(SIGKILL))
        for _ in 0..<10_000 where isAlive(grandchild) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(!isAlive(grandchild))
        #expect(waitpid(watcher, nil, 0) == watcher)
    }

    @Test("a watcher that is dismissed leaves the group alone")
    func dismissed() throws {
        let child = try ChildProcess.spawn("/bin/sleep", ["1000"], deathSignal: nil)
        var line: Int32 = -1
        let watcher = bell_watch_group(child.processID, 50, &line)
        var byte: UInt8 = 1
        #expect(write(line, &byte, 1) == 1)
        close(line)
        #expect(waitpid(watcher, nil, 0) == watcher)
        #expect(child.isRunning)
        child.signal(.kill)
        #expect(child.wait() == .signalled(SIGKILL))
    }

    @Test("a dismissed watcher is waited for, and may be dismissed again")
    func watcherEnds() throws {
        let child = try ChildProcess.spawn("/bin/sleep", ["1000"], deathSignal: nil)
        let watcher = try #require(GroupWatcher(group: child.processID))
        watcher.dismiss()
        watcher.dismiss()
        #expect(child.isRunning)
        child.signal(.kill)
        #expect(child.wait() == .signalled(SIGKILL))
    }

    /// Whether a process runs; one that nobody has waited for does not.
    private func isAlive(_ processID: Int32) -> Bool {
        guard let stat = try? readText("/proc/\(processID)/stat"), let end = stat.lastIndex(of: ")") else {
            return false
        }
        return !stat[end...].hasPrefix(") Z")
    }

    @Test("a child starts with the signals' defaults, whatever this process does with them")
    func defaults() throws {
        ignoreClosedPipes()
        let child = try ChildProcess.spawn("/bin/sh", ["-c", "kill -PIPE $$; exit 3"])
        #expect(child.wait() == .signalled(SIGPIPE))
    }

    @Test("a child ends with the thread that started it")
    func deathSignal() async throws {
        let box = Box()
        try startThread(named: "parent") { box.set(try? ChildProcess.spawn("/bin/sleep", ["1000"])) }
        for _ in 0..<10_000 where box.child == nil { try await Task.sleep(for: .milliseconds(1)) }
        let child = try #require(box.child)
        #expect(child.wait(timeoutMilliseconds: 10_000) == .signalled(SIGTERM))
    }

    @Test("a program that cannot be started is named", arguments: ["/no/such/program", "/etc/passwd"])
    func missing(path: String) {
        let error = #expect(throws: BellError.self) { try ChildProcess.spawn(path, []) }
        #expect(error?.code == .spawnFailed)
        #expect(error?.place == path)
    }

    @Test("SIGINT and SIGTERM are counted")
    func watcher() async throws {
        let counts = Counts()
        let watcher = try SignalWatcher { counts.add($0) }
        for (i, number) in [SIGTERM, SIGINT, SIGTERM].enumerated() {
            kill(getpid(), number)
            for _ in 0..<10_000 where counts.all.count <= i { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(counts.all == [1, 2, 3])
        withExtendedLifetime(watcher) {}
    }
}

private final class Box: Sendable {
    private let content = Mutex<ChildProcess?>(nil)
    var child: ChildProcess? { content.withLock { $0 } }
    func set(_ child: ChildProcess?) { content.withLock { $0 = child } }
}

private final class Counts: Sendable {
    private let content = Mutex<[Int]>([])
    var all: [Int] { content.withLock { $0 } }
    func add(_ count: Int) { content.withLock { $0.append(count) } }
}
