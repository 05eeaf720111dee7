public import BellModel

/// All measured values of a laboratory; frozen for a block, so that every trial of it was made with the same.
public struct CalibrationSet: Equatable, Sendable {
    public var laboratory: String
    public var nodes: PerNode<NodeCalibration>
    /// Of the link between the nodes.
    public var link: ValueTable
    /// Delays and jitters of each node.
    public var timing: PerNode<ValueTable>
    /// Straight lines between the nodes, from the laboratory file.
    public var geometry: ValueTable

    public init(
        laboratory: String, nodes: PerNode<NodeCalibration>, link: ValueTable, timing: PerNode<ValueTable>,
        geometry: ValueTable
    ) {
        self.laboratory = laboratory
        self.nodes = nodes
        self.link = link
        self.timing = timing
        self.geometry = geometry
    }

    /// Everything as one object; its canonical text is what the caller hashes and the block keeps.
    public var frozen: JSON {
        [
            "version": 1, "laboratory": .string(laboratory), "alice": nodes.alice.json, "bob": nodes.bob.json,
            "link": link.json, "timing": ["alice": timing.alice.json, "bob": timing.bob.json],
            "geometry": geometry.json,
        ]
    }
}
