/// Who has the boards beside campaigns; one at a time.
enum Occupation: Equatable, Sendable {
    /// A conformance check of this device.
    case check(String)
    /// A calibration: of what, and for whom.
    case calibration(String, String)

    /// What is going on, as the end of a sentence.
    var text: String {
        switch self {
        case .check(let device): "\(device) is being checked"
        case .calibration(let what, let person): "\(person) calibrates \(what)"
        }
    }

    var place: String {
        switch self {
        case .check: "device.check"
        case .calibration: "calibrate.run"
        }
    }

    var fix: String {
        switch self {
        case .check: "wait for the check's end"
        case .calibration: "wait for its end, see `bellctl calibrate status`, or end it with `bellctl calibrate cancel`"
        }
    }
}
