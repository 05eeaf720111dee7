import BellModel

/// Reads from belld's status whether the laboratory is ready.
enum Readiness {
    /// States of a board that can be armed or is being used.
    private static let usable: Set<String> = ["connected", "ready", "idle", "loaded", "armed", "running"]

    /// What is still missing, in words; empty when both boards are usable and the certifier is connected.
    ///
    /// A daemon that says nothing of a certifier outside a campaign is taken at its word about the boards only.
    static func missing(in status: JSON) -> [String] {
        var missing: [String] = []
        let devices = status["devices"]?.arrayValue ?? []
        for node in Node.allCases {
            guard let board = devices.first(where: { isBoard($0, of: node) }) else {
                missing.append("\(node.name): belld knows no board of this node")
                continue
            }
            let state = Style.safe(board["state"]?.stringValue, limit: 40) ?? "unknown"
            if usable.contains(state) { continue }
            let reason = Style.safe(board["reason"]?.stringValue, limit: 200) ?? ""
            missing.append("\(node.name): \(state)\(reason.isEmpty ? "" : " (\(reason))")")
        }
        let certifier = status["certifier"]?["connected"] ?? status["campaign"]?["certifier"]?["connected"]
        if certifier?.boolValue == false { missing.append("bellcert: not connected to belld") }
        return missing
    }

    private static func isBoard(_ device: JSON, of node: Node) -> Bool {
        device["node"]?.stringValue == node.name && (device["driver"]?.stringValue ?? "board") == "board"
    }
}
