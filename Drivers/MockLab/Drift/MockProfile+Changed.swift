import BellModel
import BellYAML

extension MockProfile {
    /// The laboratory with its spread drawn: what is true of it at the start.
    ///
    /// Each number has its own stream, so adding one to the section does not change the others.
    func drawn(seed: UInt64) -> MockProfile {
        if drift.spreads.isEmpty { return self }
        let gaussian = GaussianTable()
        let offsets = drift.spreads.map { number, spread in
            var random = Xoshiro256(seed: seed, stream: Stream.number(of: "spread \(number.path)"))
            let offset =
                switch spread {
                case .uniform(let most): most * (2 * random.unit() - 1)
                case .normal(let deviation): deviation * gaussian.draw(&random)
                }
            return (number, offset)
        }
        return changed(by: offsets, without: ["spread"])
    }

    /// The profile with numbers moved and held in their keys' ranges; T2 is held at 2 T1.
    ///
    /// Numbers may contradict each other in other ways, too; all offsets are then halved until the profile is sound.
    func changed(by offsets: [(number: DriftPlan.Number, offset: Double)], without sections: [String]) -> MockProfile {
        guard let text = drift.text?.without(sections) else { return self }
        var scale = 1.0
        for _ in 0..<MockProfile.mostHalvings {
            var changed = text
            for (number, offset) in offsets {
                let value = min(max(number.value + scale * offset, number.range.lowerBound), number.range.upperBound)
                changed = changed.replacing(number.path, by: value)
            }
            for node in Node.allCases { changed = changed.holdingT2(of: node) }
            if let profile = try? MockProfile(yaml: changed) { return profile }
            scale /= 2
        }
        return self
    }

    /// 2^−20 of an offset is none.
    private static let mostHalvings = 20
}

extension YAMLNode {
    fileprivate func without(_ keys: [String]) -> YAMLNode {
        guard case .mapping(let members) = content else { return self }
        let kept = members.filter { !keys.contains($0.key.scalar ?? "") }
        return YAMLNode(.mapping(kept), line: line, column: column, source: source)
    }

    fileprivate func replacing(_ path: String, by value: Double) -> YAMLNode {
        replacing(path.split(separator: ".").map(String.init)[...], by: "\(value)")
    }

    fileprivate func holdingT2(of node: Node) -> YAMLNode {
        let part = self["nodes"]?[node.name]
        guard let t1 = part?["t1_us"]?.scalar.flatMap(Double.init),
            let t2 = part?["t2_us"]?.scalar.flatMap(Double.init),
            t2 > 2 * t1
        else { return self }
        return replacing("nodes.\(node.name).t2_us", by: 2 * t1)
    }
}
