public import Testing

/// Waits until something holds; generous, because machines are slow sometimes.
///
/// - Throws: ``Waited`` after `seconds`, with an issue recorded where it was called; what `holds` throws.
public func eventually(
    _ what: Comment, seconds: Int = 30, at place: SourceLocation = #_sourceLocation,
    _ holds: @Sendable () async throws -> Bool
) async throws {
    for _ in 0..<seconds * 200 {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("waited \(seconds) s in vain: \(what)", sourceLocation: place)
    throw Waited()
}

/// What a test waited for did not come.
public struct Waited: Error {
    public init() {}
}
