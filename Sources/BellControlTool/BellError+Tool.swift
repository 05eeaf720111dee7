import BellModel

extension BellError.Code {
    /// An argument that its command cannot use.
    static let toolArgument = BellError.Code("tool.argument", exit: .usage)
    /// There is no campaign of that name in the state directory.
    static let toolNoCampaign = BellError.Code("tool.no-campaign", exit: .usage)
    /// A campaign ended without a certificate.
    static let toolNoCertificate = BellError.Code("tool.no-certificate", exit: .experiment)
    /// A program of belld is not where it should be.
    static let labMissingProgram = BellError.Code("lab.missing-program", exit: .usage)
    /// A program that serves a device does not end, not even by SIGKILL.
    static let labDriverStays = BellError.Code("lab.driver-stays", exit: .hardware)
    /// A laboratory is up on this state directory already.
    static let labUp = BellError.Code("lab.already-up", exit: .usage)
    /// No laboratory is up on this state directory.
    static let labStuck = BellError.Code("lab.stuck", exit: .internal)
}
