import BellCommandLine
import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// One command as it was typed, and where its answer goes.
struct Invocation {
    let command: ParsedCommand
    let console: Console

    func flag(_ name: String) -> Bool { command.flag(name) }
    func text(_ name: String) -> String? { command.value(name) }
    func texts(_ name: String) -> [String] { command.values(name) }
    func positional(_ index: Int) -> String? {
        index < command.positionals.count ? command.positionals[index] : nil
    }

    /// A whole number option in `range`.
    func count(_ name: String, in range: ClosedRange<UInt64>) throws(BellError) -> UInt64 {
        let text = text(name) ?? ""
        guard let value = UInt64(text), range.contains(value) else {
            throw BellError(
                .toolArgument, "--\(name) takes a whole number, found \"\(text)\".", at: "--\(name)",
                fix: "give a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    /// A number option in `range`.
    func number(_ name: String, in range: Range<Double>) throws(BellError) -> Double {
        let text = text(name) ?? ""
        guard let value = Double(text), range.contains(value) else {
            throw BellError(
                .toolArgument, "--\(name) takes a number, found \"\(text)\".", at: "--\(name)",
                fix: "give a number of at least \(range.lowerBound) and below \(range.upperBound)")
        }
        return value
    }

    /// The instance that is meant; nothing is created.
    func stateDirectory() throws(BellError) -> StateDirectory {
        try StateDirectory(path: StateDirectory.choosePath(option: text("state")), create: false)
    }

    /// Where the instance's sockets are; nothing is created.
    func runDirectory() throws(BellError) -> RunDirectory {
        try RunDirectory(for: try stateDirectory(), create: false)
    }

    /// A connection to the instance's daemon; that nobody is there shows at the first call.
    func control(_ context: ZeroMQContext) throws(BellError) -> ControlClient {
        try ControlClient(context: context, endpoint: try runDirectory().endpoint("control"))
    }

    /// Calls one control method.
    func call(_ method: String, _ params: JSON = [:], timeoutMilliseconds: Int32 = 10_000) throws(BellError) -> JSON {
        let control = try control(try ZeroMQContext())
        do throws(BellError) {
            return try control.call(method, params, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            throw unreachable(error, directory: try stateDirectory())
        }
    }

    /// Says in words of directories what the socket said in its own: a person chose the first, not the second.
    func unreachable(_ error: BellError, directory: StateDirectory) -> BellError {
        guard error.code == .controlUnreachable else { return error }
        var error = error
        let isUp = LabDownCommand.running(directory) != nil
        error.place = "\(directory.path) (\(error.place ?? "no socket"))"
        error.fix =
            isUp
            ? "its laboratory is up, but belld does not answer: see `bellctl log` and `bellctl log --of lab`"
            : "`bellctl lab up` starts one; for another laboratory add --state DIR"
        return error
    }
}
