public import BellModel

/// The folder that holds everything a laboratory stores: campaigns, logs, locks. Readable by its owner only.
public struct StateDirectory: Sendable {
    /// Absolute, symbolic links followed.
    public let path: String

    /// Opens a state directory.
    ///
    /// - Parameters:
    ///   - path: Relative ones count from the working folder.
    ///   - create: Whether it and its `campaigns/` and `logs/` are made when missing; else nothing is touched.
    /// - Throws: `file.access`, `file.disk-full`.
    public init(path: String, create: Bool = true) throws(BellError) {
        if create {
            for folder in ["", "/campaigns", "/logs"] { try makeFolder(path + folder) }
        }
        self.path = absolutePath(path)
    }

    /// The path that applies: `--state`, else `BELLD_STATE`, else `.belld` in the working folder.
    public static func choosePath(option: String?) -> String {
        option ?? environmentVariable("BELLD_STATE") ?? ".belld"
    }

    /// The path of a file of the directory, for example `belld.lock`.
    public func file(_ name: String) -> String { "\(path)/\(name)" }
    /// The folder of the campaigns.
    public var campaigns: String { file("campaigns") }
    /// The folder of the logs.
    public var logs: String { file("logs") }
    /// The folder of one campaign; not made here.
    public func folder(of campaign: CampaignID) -> String { "\(campaigns)/\(campaign)" }
    /// A secret key of this instance; `certifier` is bellcert's.
    public func key(_ name: String) -> KeyFile { KeyFile(file("keys/\(name).ed25519")) }
}
