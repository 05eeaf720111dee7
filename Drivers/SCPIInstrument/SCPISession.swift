public import BellModel
import DriverKit

/// A conversation with an instrument that understands SCPI: questions, orders whose errors are looked for, one at a time.
///
/// After a question that got no answer the session makes sure, before it asks anything else, that the late answer is not
/// taken for the next one's: it asks for a number that only it knows and passes over what comes before it.
public actor SCPISession {
    /// Entries that are fetched from an error queue at most.
    public static let mostErrors = 32
    /// Late answers that are passed over.
    static let mostStale = 8

    public nonisolated let name: String
    private let link: any SCPILink
    private let timeout: Duration
    private let turnstile = Turnstile()
    private var isSuspect = false
    private var marker: UInt8 = 0
    /// Errors that were fetched beside the way and that nobody has seen yet.
    private var kept: [SCPIError] = []

    /// - Parameters:
    ///   - name: The device's name in the laboratory file, for errors.
    ///   - timeout: For each answer.
    public init(name: String, link: any SCPILink, timeout: Duration = .seconds(2)) {
        self.name = name
        self.link = link
        self.timeout = timeout
    }

    /// Opens the link, forgets old errors and asks the instrument who it is.
    ///
    /// - Throws: What the link throws; `instrument.protocol` when the answer is none.
    public func open() async throws(BellError) -> SCPIIdentity {
        await turnstile.enter()
        defer { turnstile.leave() }
        isSuspect = false
        try await link.open()
        kept = []
        let answer = try await ask("*IDN?")
        let identity = try located { () throws(BellError) in try SCPIIdentity(parsing: answer) }
        try await send("*CLS")
        return identity
    }

    /// Asks a question that is answered with text.
    ///
    /// - Throws: What the link throws; `instrument.fault` when no answer came and the error queue says why.
    public func query(_ question: String) async throws(BellError) -> String {
        await turnstile.enter()
        defer { turnstile.leave() }
        return try await asked(question)
    }

    /// Asks for a number; not a number and the infinities are as ``SCPIText/number(_:)`` gives them.
    public func number(_ question: String) async throws(BellError) -> Double {
        let text = try await query(question)
        return try located { () throws(BellError) in try SCPIText.number(text) }
    }

    /// Asks for on or off.
    public func boolean(_ question: String) async throws(BellError) -> Bool {
        let text = try await query(question)
        return try located { () throws(BellError) in try SCPIText.boolean(text) }
    }

    /// Asks a question that is answered with a block, and gives its content.
    ///
    /// - Parameter limit: The most bytes of the answer, header included.
    public func block(_ question: String, limit: Int = scpiAnswerLimit) async throws(BellError) -> [UInt8] {
        await turnstile.enter()
        defer { turnstile.leave() }
        try await settle()
        let answer = try await exchange(try bytes(of: question), .block, limit: limit, timeout: timeout)
        return try located { () throws(BellError) in try SCPIBlock.content(of: answer, limit: limit) }
    }

    /// Gives orders, waits until they are done (`*OPC?`), and looks for errors.
    ///
    /// - Parameter duration: How long the orders may take altogether; nil for the session's time-out.
    /// - Throws: `instrument.fault` with every entry of the error queue.
    public func configure(_ orders: [String], within duration: Duration? = nil) async throws(BellError) {
        await turnstile.enter()
        defer { turnstile.leave() }
        try await settle()
        for order in orders { try await send(order) }
        let done = try await ask("*OPC?", timeout: duration ?? timeout)
        guard SCPIText.trimmed(done) == "1" else {
            throw located(.scpi("\"\(printable(done))\" is no answer to *OPC?"))
        }
        let errors = try await drain()
        guard errors.isEmpty else { throw fault(after: orders.joined(separator: "; "), errors) }
    }

    /// Fetches the entries of the error queue, at most ``mostErrors``; the queue is empty afterwards unless it had more.
    public func errors() async throws(BellError) -> [SCPIError] {
        await turnstile.enter()
        defer { turnstile.leave() }
        try await settle()
        return try await drain()
    }

    /// Fetches and so clears the standard event register.
    public func events() async throws(BellError) -> SCPIStandardEvents {
        let value = try await number("*ESR?")
        guard (0...255).contains(value) else { throw located(.scpi("*ESR? gave \(value)")) }
        return SCPIStandardEvents(rawValue: UInt8(value))
    }

    /// Whether a question is answered; the errors that it makes are fetched. For instruments that are not known.
    ///
    /// - Returns: The answer, or nil.
    /// - Throws: What the link throws, but for a time-out.
    public func probe(_ question: String, within duration: Duration) async throws(BellError) -> String? {
        await turnstile.enter()
        defer { turnstile.leave() }
        try await settle()
        let answer: String?
        do throws(BellError) {
            answer = try await ask(question, timeout: duration)
        } catch {
            guard error.code == .usbTimeout || error.code == .streamTimeout else { throw error }
            answer = nil
            try await settle()
        }
        _ = try await drain()
        return answer
    }

    public func close() async { await link.close() }

    // MARK: One exchange

    private func asked(_ question: String) async throws(BellError) -> String {
        try await settle()
        do throws(BellError) {
            return try await ask(question)
        } catch {
            guard error.code == .usbTimeout || error.code == .streamTimeout else { throw error }
            // A question that is not understood is not answered: the error queue tells.
            var errors: [SCPIError] = []
            do throws(BellError) {
                try await settle()
                errors = try await drain()
            } catch {}
            throw errors.isEmpty ? error : fault(after: question, errors)
        }
    }

    private func ask(_ question: String, timeout: Duration? = nil) async throws(BellError) -> String {
        let answer = try await exchange(
            try bytes(of: question), .line, limit: scpiAnswerLimit, timeout: timeout ?? self.timeout)
        return SCPIText.trimmed(String(decoding: answer, as: UTF8.self))
    }

    private func send(_ order: String) async throws(BellError) {
        try await link.write(try bytes(of: order), timeout: timeout)
    }

    private func exchange(
        _ message: [UInt8], _ kind: SCPIAnswerKind, limit: Int, timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        do throws(BellError) {
            return try await link.query(message, answer: kind, limit: limit, timeout: timeout)
        } catch {
            isSuspect = true
            var error = error
            error.place = "\(error.place ?? name), \(printable(String(decoding: message.prefix(60), as: UTF8.self)))"
            throw error
        }
    }

    /// Makes sure that no late answer is under way: `*ESE` is set to a number that changes each time, and asked back.
    ///
    /// An instrument answers in order, so that whatever comes before that number is stale. Nothing here uses `*ESE`.
    private func settle() async throws(BellError) {
        guard isSuspect else { return }
        var answer = ""
        for _ in 0..<SCPISession.mostStale {
            marker = marker >= 250 ? 1 : marker + 1
            answer = try await ask("*ESE \(marker);*ESE?")
            if Int(answer) == Int(marker) {
                isSuspect = false
                try await send("*ESE 0")
                // What the lost question itself did to the queue: -410 and -420 say no more than that it was lost.
                kept += try await fetchErrors().filter { !(-499 ... -400).contains($0.code) }
                kept = kept.suffix(SCPISession.mostErrors)
                return
            }
            // A stale answer; our own is still to come and must not become the next stale one.
            try await link.clear()
        }
        throw located(.scpi("the instrument does not come back into step: *ESE? gives \"\(printable(answer))\""))
    }

    /// All errors since the last drain.
    private func drain() async throws(BellError) -> [SCPIError] {
        let errors = kept + (try await fetchErrors())
        kept = []
        return errors
    }

    private func fetchErrors() async throws(BellError) -> [SCPIError] {
        var errors: [SCPIError] = []
        while errors.count < SCPISession.mostErrors {
            let answer = try await ask("SYST:ERR?")
            let entry = try located { () throws(BellError) in try SCPIError(parsing: answer) }
            if entry.code == 0 { break }
            errors.append(entry)
        }
        return errors
    }

    // MARK: Words

    /// Orders are one line of printable ASCII, so that nothing from a file becomes a second order.
    private func bytes(of text: String) throws(BellError) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
            throw BellError(.instrumentProtocol, "\"\(printable(text))\" is no SCPI command.", at: name)
        }
        return bytes
    }

    private func fault(after what: String, _ errors: [SCPIError]) -> BellError {
        BellError(
            .instrumentFault, "\(name) reports \(errors.count == 1 ? "an error" : "\(errors.count) errors").",
            at: "\(name), \(what.prefix(80))", cause: errors.map(\.line).joined(separator: "; "),
            fix: "the instrument's manual explains its error numbers")
    }

    private func printable(_ text: String) -> String { SCPIText.printable(text.utf8.prefix(80)) }

    private func located(_ error: BellError) -> BellError {
        var error = error
        if error.place == nil { error.place = name }
        return error
    }

    private func located<Value>(_ body: () throws(BellError) -> Value) throws(BellError) -> Value {
        do throws(BellError) { return try body() } catch { throw located(error) }
    }
}
