import BellModel
import Glibc
import Synchronization
import Testing
import TestSupport

extension TemporaryFolder {
    func endpoint(_ name: String) -> String { "ipc://\(path)/\(name)" }
}

/// Collects messages from callbacks and waits for a number of them.
final class Collector: Sendable {
    private let messages = Mutex<[[[UInt8]]]>([])

    var all: [[[UInt8]]] { messages.withLock { $0 } }

    func add(_ parts: [[UInt8]]) { messages.withLock { $0.append(parts) } }

    /// Returns the messages when there are `count`, or what there is after ten seconds.
    func wait(for count: Int) async -> [[[UInt8]]] {
        for _ in 0..<10_000 {
            let all = all
            if all.count >= count { return all }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return all
    }
}

/// Waits until a condition holds, at most ten seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<10_000 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return condition()
}

extension [UInt8] {
    init(number: Int) { self = Array("\(number)".utf8) }
    var number: Int? { Int(String(decoding: self, as: UTF8.self)) }
}

/// Removes a file that a test made.
func removeFile(_ path: String) { unlink(path) }

/// A value that a callback and a test share.
final class Shared<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)
    var value: Value? {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}
