import BellCertification
public import BellCrypto
public import BellHost
public import BellModel
public import BellStream

/// Keeps every campaign that belld sends in the certifier's own databases, and writes the certificates.
///
/// For the thread of the ``OutcomeClient``; ledgers are open while their campaign is not finished.
public final class Certifier: OutcomeSink {
    private let state: StateDirectory
    private let log: Logger
    private let key: SigningKey
    private var ledgers: [CampaignID: Ledger] = [:]

    /// Works in a state directory; nothing is opened yet.
    ///
    /// - Parameter key: Signs the certificates, and nothing else.
    public init(state: StateDirectory, log: Logger, key: SigningKey) {
        self.state = state
        self.log = log
        self.key = key
    }

    private func ledgerPath(_ campaign: CampaignID) -> String { "\(state.folder(of: campaign))/cert.sqlite" }

    /// Where a campaign's certificate is written.
    public func certificatePath(_ campaign: CampaignID) -> String {
        "\(state.folder(of: campaign))/certificate.json"
    }

    /// Writes the certificates that a kill between the stored end and the file has left out.
    ///
    /// A campaign that cannot be read is logged and left; the others go on.
    public func issueMissing() {
        let names: [String]
        do throws(BellError) {
            names = try folderContents(state.campaigns)
        } catch {
            return log.error("campaigns cannot be listed", error)
        }
        for campaign in names.compactMap({ CampaignID(hex: $0) }) {
            let isMissing = fileExists(ledgerPath(campaign)) && !fileExists(certificatePath(campaign))
            guard isMissing else { continue }
            do throws(BellError) {
                let ledger = try Ledger(path: ledgerPath(campaign), campaign: campaign, begin: nil)
                if let end = ledger.end { try write(try ledger.certificate(end), of: campaign) }
            } catch {
                log.error("campaign cannot be looked at", error)
            }
        }
    }

    public func begin(_ campaign: CampaignID, _ begin: CampaignBegin) throws(BellError) -> OutcomeProgress {
        var ledger = ledgers[campaign]
        if ledger?.begin != begin {
            try makeFolder(state.folder(of: campaign))
            ledger = try Ledger(path: ledgerPath(campaign), campaign: campaign, begin: begin)
        }
        guard let ledger else { return OutcomeProgress() }
        ledgers[campaign] = ledger
        if let end = ledger.end {
            if !fileExists(certificatePath(campaign)) { try write(try ledger.certificate(end), of: campaign) }
            ledgers[campaign] = nil
        }
        return OutcomeProgress(
            nextIndex: ledger.count.nextIndex, blocksEnd: ledger.count.blocksEnd, isFinished: ledger.end != nil)
    }

    private func open(_ campaign: CampaignID) throws(BellError) -> Ledger {
        guard let ledger = ledgers[campaign] else {
            throw BellError(
                .certifierCorrupt, "Outcomes came before the campaign's begin.", at: "campaign \(campaign)",
                fix: "this is a defect of bellcert: please report it with its log")
        }
        return ledger
    }

    public func store(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {
        try open(campaign).add(outcomes)
    }

    public func check(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError) {
        try open(campaign).check(outcomes)
    }

    public func store(_ campaign: CampaignID, _ block: BlockEnd) throws(BellError) {
        try open(campaign).add(block)
    }

    public func finish(_ campaign: CampaignID, _ end: CampaignEnd) throws(BellError) {
        try write(try open(campaign).finish(end), of: campaign)
        ledgers[campaign] = nil
    }

    public func commit() throws(BellError) {
        for ledger in ledgers.values { try ledger.commit() }
    }

    public func abandon() { ledgers = [:] }

    /// Writes signature and key first: a certificate is only there with all that its reader needs.
    private func write(_ unsigned: Certificate, of campaign: CampaignID) throws(BellError) {
        let (certificate, signature) = unsigned.signed(by: key)
        let folder = state.folder(of: campaign)
        try writeFileAtomically("\(folder)/certificate.sig", signature)
        if let signer = certificate.signedBy {
            try writeFileAtomically("\(folder)/certificate.pub.pem", text: signer.pem)
        }
        try writeFileAtomically(certificatePath(campaign), certificate.fileBytes)
        log.info(
            "certificate written",
            [
                "campaign": campaign, "verdict": certificate.verdict.rawValue, "simulated": certificate.isSimulated,
                "hash": certificate.hash,
            ])
    }
}
