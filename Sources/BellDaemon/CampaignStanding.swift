/// Whether a campaign still needs what a board has kept of it.
enum CampaignStanding: Sendable {
    /// It may go on here, and needs it.
    case unfinished
    /// It ended here; the board may drop it.
    case finished
    /// It was never begun under this state directory: another belld's, which may go on with it. Only that one can tell
    /// what it has on disk, so nothing of it is acknowledged here.
    case unknown
}
