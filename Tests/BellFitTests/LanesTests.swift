import Foundation
import Testing

@testable import BellFit

/// Sines, cosines and exponentials side by side, and the models that use them.
@Suite struct LanesTests {
    /// Near multiples of π/4 and π/2, where the reduction loses most, between them, and where libm is asked.
    static let angles: [Double] = {
        var dice = Dice(seed: 4)
        let multiples = (-40...40).flatMap { k in
            [-1e-9, 0, 1e-9].map { Double(k) * .pi / 4 + $0 }
        }
        let scales = [1e-300, 1e-9, 0.1, 1, 30, 1e3, 1e6, 0x1p20, 1e9, 1e300]
        let ends = [0, -0.0, 0x1p20, (0x1p20).nextUp, -0x1p20, 0x1p19 * .pi]
        return multiples + ends + scales.flatMap { scale in (0..<200).map { _ in scale * dice.uniform(-1..<1) } }
    }()

    @Test("Sine and cosine are libm's to the last two digits, also where they pass 0")
    func sineCosine() {
        for angle in LanesTests.angles {
            // The other lanes hold other numbers, so that a mix-up shows.
            let (sine, cosine) = Lanes.sineCosine(SIMD4(0.3, angle, -2, angle))
            for lane in [1, 3] {
                #expect(abs(sine[lane] - sin(angle)) <= 4e-16 * abs(sin(angle)), "\(angle): \(sine[lane])")
                #expect(abs(cosine[lane] - cos(angle)) <= 4e-16 * abs(cos(angle)), "\(angle): \(cosine[lane])")
            }
            #expect(abs(sine[0] - sin(0.3)) < 2e-16 && abs(cosine[2] - cos(-2)) < 2e-16)
        }
    }

    @Test("The exponential is libm's to the last two digits")
    func exponential() {
        var dice = Dice(seed: 6)
        let ends = [0, -0.0, 700, 700.5, -700, -700.5, 709.7, 710, -745, -746, 1e-300, log(2) / 2, 1e300, -1e300]
        for x in ends + (0..<4000).map({ _ in dice.uniform(-750..<720) })
            + (0..<2000).map({ _ in dice.uniform(-2..<2) })
        {
            let y = Lanes.exponential(SIMD4(x, 1, x, -1))
            for lane in [0, 2] {
                #expect(y[lane] == exp(x) || abs(y[lane] - exp(x)) <= 5e-16 * exp(x), "\(x): \(y[lane])")
            }
            #expect(abs(y[1] - M_E) < 1e-15 && abs(y[3] - 1 / M_E) < 1e-15)
        }
    }

    @Test("Numbers that are none stay none, in their own lane only")
    func none() {
        for x in [Double.nan, .infinity, -.infinity] {
            let (sine, cosine) = Lanes.sineCosine(SIMD4(1, x, 2, 3))
            #expect(sine[1].isNaN && cosine[1].isNaN)
            #expect(sine[0] == sin(1) && cosine[3] == cos(3))
        }
        let y = Lanes.exponential(SIMD4(.nan, .infinity, -.infinity, 1))
        #expect(y[0].isNaN && y[1] == .infinity && y[2] == 0 && y[3] == exp(1))
    }

    @Test("Columns of any length keep to their length")
    func columns() {
        for count in 0..<14 {
            let x = Array(sweep(1, 2, count + 1).dropLast())
            #expect(Lanes.map(x) { $0 * 2 } == x.map { $0 * 2 })
            var guarded = x + [7]
            let isFinite = guarded.withUnsafeMutableBufferPointer { all in
                x.withUnsafeBufferPointer {
                    Lanes.multiply(UnsafeMutableBufferPointer(rebasing: all[..<count]), by: $0)
                }
            }
            #expect(isFinite && guarded == x.map { $0 * $0 } + [7])
            for place in 0..<count {
                for wrong in [Double.nan, .infinity, -.infinity] {
                    var other = x
                    other[place] = wrong
                    #expect(!other.withUnsafeBufferPointer { Lanes.areFinite($0) })
                }
            }
            #expect(x.withUnsafeBufferPointer { Lanes.areFinite($0) })
        }
    }

    /// Values and columns, behind them numbers that nobody may touch.
    private func table(_ model: any FitModel, _ x: [Double], _ p: [Double]) -> (values: [Double], columns: [Double]) {
        let spare = 5
        var values = [Double](repeating: -1, count: x.count + spare)
        var columns = [Double](repeating: -1, count: x.count * p.count + spare)
        values.withUnsafeMutableBufferPointer { values in
            columns.withUnsafeMutableBufferPointer { columns in
                x.withUnsafeBufferPointer { x in
                    model.tabulate(
                        x, p, into: UnsafeMutableBufferPointer(rebasing: values[..<x.count]),
                        UnsafeMutableBufferPointer(rebasing: columns[..<(x.count * p.count)]))
                }
            }
        }
        #expect(values.suffix(spare).allSatisfy { $0 == -1 } && columns.suffix(spare).allSatisfy { $0 == -1 })
        return (Array(values.dropLast(spare)), Array(columns.dropLast(spare)))
    }

    @Test(
        "A table of all points is what value and gradient say at each",
        arguments: Array(ReferenceTests.models.keys).sorted())
    func tables(_ name: String) throws {
        let model = try #require(ReferenceTests.models[name])
        let set = try #require(ReferenceTests.sets.first { $0.name == name })
        let p = set.parameters
        var gradient = [Double](repeating: 0, count: p.count)
        for count in [0, 1, 2, 3, 4, 5, set.x.count] {
            let x = Array(set.x.prefix(count))
            let (values, columns) = table(model, x, p)
            for i in x.indices {
                try #require(model.gradient(x[i], p, into: &gradient))
                let value = model.value(x[i], p)
                #expect(abs(values[i] - value) <= 1e-14 * (1 + abs(value)))
                for k in p.indices {
                    let size = abs(gradient[k]) + set.x.reduce(0) { max($0, abs($1)) }
                    #expect(abs(columns[k * count + i] - gradient[k]) <= 1e-14 * size, "\(model.parameterNames[k])")
                }
            }
        }
    }

    @Test("So is the table of a damped cosine with parameters that no data have")
    func hostile() throws {
        let x = [-3, 0, 1e-5, 2, 1e5, 1e90, -1e90]
        for envelope in [DampedCosine.Envelope.exponential, .gaussian] {
            let model = DampedCosine(envelope)
            for tau in [0, -0.0, 1e-300, -1e-3, 4, .infinity, .nan] {
                for frequency in [0, 0.1, -1e7, 1e300] {
                    let p = [1, 0.5, frequency, 0.2, tau]
                    let (values, columns) = table(model, x, p)
                    var gradient = [Double](repeating: 0, count: 5)
                    for i in x.indices {
                        let value = model.evaluate(x[i], p, into: &gradient)
                        let both =
                            [(value, values[i])] + gradient.indices.map { (gradient[$0], columns[$0 * x.count + i]) }
                        for (one, other) in both {
                            let isSame = one == other || abs(one - other) <= 1e-12 * max(abs(one), 1)
                            #expect(isSame || (!one.isFinite && !other.isFinite), "\(x[i]) \(p): \(one), \(other)")
                        }
                    }
                }
            }
        }
    }
}
