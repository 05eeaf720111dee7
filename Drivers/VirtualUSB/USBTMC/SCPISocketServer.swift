public import BellModel
import Dispatch
import DriverKit
import Glibc
import Synchronization

/// Serves a simulated source on a TCP port of this machine, as instruments do at port 5025: lines in, lines out.
///
/// One thread accepts, one serves each connection. All connections share the source; an answer goes to who asked.
public final class SCPISocketServer: Sendable {
    /// A misbehaviour; queries are counted from 1 over all connections.
    public enum Fault: Hashable, Sendable {
        /// This answer never comes.
        case hang(query: Int)
        /// This answer comes with the next one, before it, if the connection still stands.
        case late(query: Int)
        /// Half of this answer comes, then the connection ends.
        case cut(query: Int)
        /// This answer comes in pieces of one byte.
        case trickle(query: Int)
        /// This answer has no newline and no end.
        case flood(query: Int)
    }

    private struct State {
        var source: SimulatedSource
        var faults: Set<Fault>
        var queries = 0
        var connections: Set<Int32> = []
        var isStopped = false
    }

    /// The port that it listens at.
    public let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    /// Listens at 127.0.0.1.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Throws: `stream.closed` when the port cannot be bound.
    public init(port: UInt16 = 0, source: SimulatedSource = .init(), faults: Set<Fault> = []) throws(BellError) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutableBytes(of: &address) { bytes -> Bool in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return bind(listener, pointer, size) == 0 && listen(listener, 8) == 0
                && getsockname(listener, pointer, &size) == 0
        }
        guard listener >= 0, isBound else {
            let cause = String(cString: strerror(errno))
            if listener >= 0 { Glibc.close(listener) }
            throw BellError(
                .streamClosed, "The simulated source cannot listen at port \(port).", at: "tcp://127.0.0.1:\(port)",
                cause: cause, fix: "choose another port")
        }
        self.listener = listener
        self.port = UInt16(bigEndian: address.sin_port)
        state = Mutex(State(source: source, faults: faults))
        DispatchQueue(label: "scpi-accept").async { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    Glibc.close(listener)
                    return
                }
                guard let self, self.add(connection) else {
                    Glibc.close(connection)
                    continue
                }
                DispatchQueue(label: "scpi-serve").async { self.serve(connection) }
            }
        }
    }

    deinit { stop() }

    /// Looks at the source, or changes it.
    public func withSource<Result: Sendable>(_ body: (inout SimulatedSource) -> Result) -> Result {
        state.withLock { body(&$0.source) }
    }

    /// Questions that were asked so far, answered or not.
    public var queries: Int { state.withLock { $0.queries } }

    /// Ends all connections and the listening. May be called again.
    public func stop() {
        let wasStopped = state.withLock { state in
            defer { state.isStopped = true }
            // Each connection's own thread closes it.
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            return state.isStopped
        }
        if !wasStopped { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    private func add(_ connection: Int32) -> Bool {
        state.withLock { state in
            guard !state.isStopped, state.connections.count < 16 else { return false }
            state.connections.insert(connection)
            return true
        }
    }

    // MARK: One connection

    private func serve(_ connection: Int32) {
        var one: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var input: [UInt8] = []
        var held: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        serving: while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            input += buffer.prefix(count)
            guard input.count <= 8 << 20 else { break }
            while let line = SCPISocketServer.nextLine(&input) {
                guard answer(line, on: connection, held: &held) else { break serving }
            }
        }
        state.withLock { _ = $0.connections.remove(connection) }
        Glibc.close(connection)
    }

    /// Cuts one message off, without its newline; a newline inside of a block does not count.
    private static func nextLine(_ input: inout [UInt8]) -> [UInt8]? {
        var index = 0
        while index < input.count {
            if input[index] == 0x23, let length = SCPIMessageUnit.blockLength(input[index...]) {
                index += length
                continue
            }
            if input[index] == 0x0A {
                defer { input.removeFirst(index + 1) }
                return Array(input[..<index])
            }
            index += 1
        }
        return nil
    }

    private func answer(_ line: [UInt8], on connection: Int32, held: inout [UInt8]) -> Bool {
        let (answer, query, faults) = state.withLock { state -> ([UInt8]?, Int, Set<Fault>) in
            let answer = state.source.take(line.last == 0x0D ? line.dropLast() : line)
            if answer != nil { state.queries += 1 }
            return (answer, state.queries, state.faults)
        }
        guard let answer else { return true }
        if faults.contains(.hang(query: query)) { return true }
        if faults.contains(.late(query: query)) {
            held += answer
            return true
        }
        if faults.contains(.cut(query: query)) {
            _ = send(answer[..<(answer.count / 2)], to: connection)
            return false
        }
        if faults.contains(.trickle(query: query)) {
            return answer.indices.allSatisfy { send(answer[$0...$0], to: connection) }
        }
        if faults.contains(.flood(query: query)) {
            let chunk = [UInt8](repeating: 0x41, count: 64 << 10)
            while send(chunk[...], to: connection) {}
            return false
        }
        defer { held = [] }
        return send((held + answer)[...], to: connection)
    }

    private func send(_ bytes: ArraySlice<UInt8>, to connection: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
