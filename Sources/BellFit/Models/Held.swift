/// A model of which some parameters are known and held: the others alone are fitted.
public struct Held<Model: FitModel>: FitModel {
    public let model: Model
    private let held: [Double?]
    private let free: [Int]

    /// - Parameter values: By the model's names; others are ignored.
    public init(_ model: Model, _ values: [String: Double]) {
        self.model = model
        held = model.parameterNames.map { values[$0] }
        free = held.indices.filter { [held] in held[$0] == nil }
    }

    public var parameterNames: [String] { free.map { model.parameterNames[$0] } }

    public func value(_ x: Double, _ p: [Double]) -> Double { model.value(x, whole(p)) }

    public func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        var all = [Double](repeating: 0, count: held.count)
        guard model.gradient(x, whole(p), into: &all) else { return false }
        for (place, index) in free.enumerated() { gradient[place] = all[index] }
        return true
    }

    public func start(x: [Double], y: [Double]) -> [Double]? {
        model.start(x: x, y: y).map { start in free.map { start[$0] } }
    }

    /// All parameters of the model, held ones included.
    public func whole(_ p: [Double]) -> [Double] {
        var next = 0
        return held.map { value in
            if let value { return value }
            defer { next += 1 }
            return next < p.count ? p[next] : .nan
        }
    }
}
