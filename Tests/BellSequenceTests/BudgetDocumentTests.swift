import BellModel
import BellSequence
import Foundation
import Testing

@Suite("docs/timing-budget.md")
struct BudgetDocumentTests {
    static func two(_ time: Picoseconds) -> String {
        String(format: "%.2f ns", time.nanoseconds)
    }

    @Test("has every term of both nodes as the compiler calculates it")
    func terms() throws {
        let path = Shipped.root.appendingPathComponent("docs/timing-budget.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let compiled = try Shipped().compile()
        let budgets = compiled.budgets
        #expect(budgets.alice.terms.count == LocalityBudget.Stage.allCases.count)
        for (a, b) in zip(budgets.alice.terms, budgets.bob.terms) {
            let row = "| \(a.name) | \(Self.two(a.cost)) | \(Self.two(b.cost)) |"
            #expect(text.contains(row), "\(row)")
        }
        let total = "| **e − r** | **\(Self.two(budgets.alice.total))** | **\(Self.two(budgets.bob.total))** |"
        #expect(text.contains(total))
        let margins = compiled.nominalMargins
        for margin in [try #require(margins.ab), try #require(margins.ba), margins.sum] {
            #expect(text.contains(String(format: "| %.3f ns |", margin.nanoseconds)))
        }
        #expect(
            text.contains(String(format: "u = %.1f ps,  k = 5:  k·u = %.3f ns", margins.u, margins.required / 1000)))
    }

    @Test("quotes the error that the compiler gives")
    func quotedError() throws {
        let path = Shipped.root.appendingPathComponent("docs/timing-budget.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let failure = try #require(Shipped().sequence("window_ns: 50}", "window_ns: 51}").failures.first)
        for part in [failure.what, failure.place, failure.fix] { #expect(text.contains(try #require(part))) }
        #expect(Shipped().sequence("window_ns: 50}", "window_ns: 50.5}").failures.isEmpty)
    }
}
