import BellCrypto
import BellModel

extension CampaignID {
    /// The first eight bytes of every identifier that calibrations give to boards: `bellcal` and a zero.
    private static let calibrationMark = Array("bellcal\0".utf8)

    /// Whether trials under this identifier were made for a calibration and belong to no campaign.
    ///
    /// belld gives no campaign such an identifier, so that what a board has kept of a calibration is never taken for
    /// evidence, whatever happened in between.
    var isCalibration: Bool { Array(bytes.prefix(8)) == CampaignID.calibrationMark }

    /// A new identifier for the arms of one calibration.
    static func newCalibration() throws(BellError) -> CampaignID {
        guard let id = CampaignID(bytes: calibrationMark + randomBytes(8)) else {
            throw BellError(BellError.Code("calibration.identifier", exit: .internal), "No identifier.")
        }
        return id
    }
}
