public import BellModel
public import BellSequence

extension CalibrationPath {
    /// All that the file of this place may hold.
    private var vocabulary: [Quantity] {
        switch place {
        case .node: Quantity.ofNode
        case .link: Quantity.ofLink
        case .timing: Quantity.ofTiming
        }
    }

    /// The quantity that the path names.
    ///
    /// - Throws: `calibration.unknown` with the nearest one.
    public func known() throws(BellError) -> Quantity {
        if let found = vocabulary.first(where: { $0.name == quantity }) { return found }
        let names = vocabulary.map(\.name)
        let nearest = nearestWord(to: quantity, among: names).map { "did you mean \"\($0)\"? " } ?? ""
        throw BellError(
            .calibrationUnknown, "There is no quantity \"\(quantity.prefix(60))\".", at: "\(description.prefix(120))",
            fix: "\(nearest)known: \(names.joined(separator: ", "))")
    }

    /// The keys in the file that lead to the section of the quantity.
    var section: [String] {
        switch place {
        case .node, .link: ["values"]
        case .timing(let node): [node.name]
        }
    }

    /// The file as the laboratory file names it.
    func file(of laboratory: Laboratory) -> String {
        let files = laboratory.calibrationFiles
        return switch place {
        case .node(.alice): files.alice
        case .node(.bob): files.bob
        case .link: files.link
        case .timing: files.timing
        }
    }

    /// The entry of a frozen calibration (``CalibrationSet/frozen``), or nil.
    func entry(in frozen: JSON) -> JSON? {
        switch place {
        case .node(let node): frozen[node.name]?["values"]?[quantity]
        case .link: frozen["link"]?[quantity]
        case .timing(let node): frozen["timing"]?[node.name]?[quantity]
        }
    }
}

extension CalibrationSet {
    /// The value that a path names, or nil when the file leaves it out or the quantity is unknown.
    public subscript(path: CalibrationPath) -> CalibratedValue? {
        get {
            guard let quantity = try? path.known() else { return nil }
            return switch path.place {
            case .node(let node): nodes[node].values[quantity]
            case .link: link[quantity]
            case .timing(let node): timing[node][quantity]
            }
        }
        set {
            guard let quantity = try? path.known() else { return }
            switch path.place {
            case .node(let node): nodes[node].values[quantity] = newValue
            case .link: link[quantity] = newValue
            case .timing(let node): timing[node][quantity] = newValue
            }
        }
    }
}
