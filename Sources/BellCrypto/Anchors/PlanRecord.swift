public import BellModel

/// What was known of a sealed plan before its first trial, beside the plan: the laboratory's other plans, and what
/// anchors it outside.
public struct PlanRecord: Equatable, Sendable {
    /// Nil when the chain was not recorded.
    public var chain: PlanChain?
    /// In the order in which they came.
    public var anchors: [PlanAnchor]

    /// - Parameter chain: Nil for none.
    public init(chain: PlanChain? = nil, anchors: [PlanAnchor] = []) {
        self.chain = chain
        self.anchors = anchors
    }

    /// The members `plan_chain` and `anchors`.
    public var chainJSON: JSON { chain?.json ?? .null }
    public var anchorsJSON: JSON { .array(anchors.map(\.json)) }

    /// Reads both members.
    ///
    /// - Throws: `json.shape`, `plan.anchor`.
    public init(chain: JSON, anchors: JSON, path: String) throws(BellError) {
        self.chain = chain == .null ? nil : try PlanChain(json: chain, path: "\(path).plan_chain")
        guard let rows = anchors.arrayValue, rows.count <= PlanAnchor.most else {
            throw BellError(
                .jsonShape, "Expected an array of at most \(PlanAnchor.most) anchors.", at: "\(path).anchors")
        }
        self.anchors = []
        for (i, row) in rows.enumerated() {
            self.anchors.append(try PlanAnchor(json: row, path: "\(path).anchors[\(i)]"))
        }
    }
}

extension CampaignID {
    /// The identifier of the campaign that runs a plan: the first 16 bytes of BLAKE2b-256 over `bell campaign id 1` and
    /// the plan's hash.
    ///
    /// Every signed chunk names the campaign, so that its signature binds the plan, too: to find a second plan for a
    /// campaign's chunks takes 2^128 attempts, two plans of one identifier 2^64.
    public init(planHash: Digest) {
        var hash = Blake2b()
        hash.update(Array("bell campaign id 1".utf8))
        hash.update(planHash.bytes)
        self.init(first16Of: hash.finish())
    }
}
