import BellHost

func removeIfThere(_ path: String) throws { try removeFile(path) }

/// Makes a file one that is no database.
func overwrite(_ path: String) throws {
    try writeFileAtomically(path, text: String(repeating: "no database ", count: 1000))
}
