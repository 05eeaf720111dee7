public import BellModel
public import BellSequence

extension CalibrationPath {
    /// Reads what a person may call a value: its path, `alice.pi2.amplitude` for `alice.half_pi_amplitude`, or
    /// `alice.switch_delay` for `timing.alice.switch_delay`. Nil for what names no value.
    public init?(spoken text: String) {
        if let path = CalibrationPath(text), (try? path.known()) != nil {
            self = path
            return
        }
        let words = text.split { ". _".contains($0) }.map { $0 == "pi2" ? "half_pi" : String($0) }
        let isTiming = words.first == "timing"
        guard let name = words.dropFirst(isTiming ? 1 : 0).first else { return nil }
        let quantity = words.dropFirst(isTiming ? 2 : 1).joined(separator: "_")
        var places: [Place] = name == "link" ? [.link] : []
        if let node = Node(name: name) { places = [.node(node), .timing(node)] }
        let paths = places.map { CalibrationPath($0, quantity) }
        guard let path = paths.first(where: { (try? $0.known()) != nil }) else { return nil }
        self = path
    }

    /// The values of all places that have this quantity.
    public static func all(of quantity: String) -> [CalibrationPath] { all.filter { $0.quantity == quantity } }

    /// Every value that the laboratory's files may hold.
    public static var all: [CalibrationPath] {
        let nodes = Node.allCases.flatMap { node in
            Quantity.ofNode.map { CalibrationPath(.node(node), $0.name) }
                + Quantity.ofTiming.map { CalibrationPath(.timing(node), $0.name) }
        }
        return nodes + Quantity.ofLink.map { CalibrationPath(.link, $0.name) }
    }

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
