import BellHost
import BellModel

/// Tells a person by a program that the laboratory names (`call_person` of lab.yaml): a webhook by curl, a mail, a horn.
struct PersonCall: Sendable {
    /// The program, by its path, and its arguments.
    let command: [String]
    let log: Logger

    /// A program that takes longer is ended.
    private static let patience = 60.0

    /// The arguments with `{message}` and `{json}` filled in; no shell sees them.
    ///
    /// - Parameter json: The error as programs read it.
    static func arguments(_ command: [String], message: String, json: String) -> [String] {
        command.dropFirst().map { argument in
            // Each place is filled once: what an error says is never taken for a place.
            let parts = argument.split(separator: "{message}", omittingEmptySubsequences: false)
            return parts.map { $0.replacing("{json}", with: json) }.joined(separator: message)
        }
    }

    /// Runs the program, and waits for its end.
    ///
    /// - Returns: Whether it was called, and ended well.
    @discardableResult
    func call(_ error: BellError, campaign: UInt64) async -> Bool {
        guard let program = command.first else { return false }
        let message = "campaign \(campaign) needs a person: \(error.what)"
        let json: JSON = ["campaign": JSON(count: campaign), "message": .string(message), "error": error.json]
        do throws(BellError) {
            // Its death signal would come with the end of whatever thread this task is on.
            let child = try ChildProcess.spawn(
                program, Self.arguments(command, message: message, json: json.text),
                environment: ["BELL_MESSAGE": message, "BELL_JSON": json.text], deathSignal: nil)
            let end = ContinuousClock.now + .seconds(Self.patience)
            while child.isRunning, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(50)) }
            if child.isRunning {
                child.signal(.kill)
                log.error("the program that calls a person did not end", ["program": program])
                return false
            }
            guard child.wait() == .exited(0) else {
                log.error("the program that calls a person failed", ["program": program])
                return false
            }
            log.info("a person was called", ["program": program])
            return true
        } catch {
            log.error("a person cannot be called", error)
            return false
        }
    }
}
