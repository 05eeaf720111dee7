import BellModel

/// Trials as CSV: `index,x,y,a,b,status`; a lost trial's bits are empty, because they are not stated.
enum TrialCSV {
    static let header = "index,x,y,a,b,status\n"

    /// Appends one line a trial.
    ///
    /// - Parameter statuses: One ``TrialStatus`` byte a trial, for consecutive indices from `firstIndex`.
    /// - Returns: The first index whose byte is no status, or nil.
    static func append(firstIndex: UInt64, statuses: some Sequence<UInt8>, to out: inout [UInt8]) -> UInt64? {
        var index = firstIndex
        for byte in statuses {
            guard let status = TrialStatus(rawValue: byte) else { return index }
            out += Array(String(index).utf8)
            if let loss = status.loss {
                out += Array(",,,,,\(loss.name)\n".utf8)
            } else {
                for shift in [3, 2, 1, 0] as [UInt8] {
                    out.append(UInt8(ascii: ","))
                    out.append(UInt8(ascii: "0") + (byte >> shift & 1))
                }
                out += Array(",valid\n".utf8)
            }
            index &+= 1
        }
        return nil
    }
}
