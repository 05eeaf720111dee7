import BellCrypto
import BellModel
import Testing

@Suite struct MerkleTreeTests {
    /// The n-th leaf of the reference: BLAKE2b-256 of n as u64.
    static func leaf(_ n: Int) -> Digest {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(UInt64(n))
        return Blake2b.hash(bytes)
    }

    static func tree(_ leaves: some Sequence<Digest>) -> MerkleTree {
        var tree = MerkleTree()
        for leaf in leaves { tree.append(leaf) }
        return tree
    }

    /// The recursion of RFC 6962, section 2.1.
    static func recursive(_ leaves: ArraySlice<Digest>) -> Digest {
        guard leaves.count > 1 else {
            return Blake2b.hash(leaves.first.map { [0] + $0.bytes } ?? [])
        }
        var k = 1
        while 2 * k < leaves.count { k *= 2 }
        let left = recursive(leaves.prefix(k))
        return Blake2b.hash([1] + left.bytes + recursive(leaves.dropFirst(k)).bytes)
    }

    @Test(
        "the root is that of another implementation",
        arguments: [
            // Reference/evidence.py
            (0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
            (1, "41a2fb3f1b568087e40f6ea073709ba923d92de44c2b423623e0700b5d514e6f"),
            (2, "bd447794a281b4f498aa5c7c8fc208c382191dd17264d910fa4e229cb6cdde73"),
            (3, "93e51c0288e1d2df68c95a08c0d42e0883334682b7948cb6c31a76f0a2444b1d"),
            (5, "b98b62108582153a8d47a6d4a34959c9385ba127914f447a69939f49286d14a8"),
            (7, "a473b47c09551a2ba3aa62ac93afd06a31959e7b7fec817c2238be1d265d00de"),
            (8, "ae9c27418575637c5532116d55f98080b54366f4c174f719516fcdfb304e94db"),
            (13, "0e252a21d76604605312f97a3505cb35b5785db70dbcc8f9a0ebf1fb57d09bba"),
            (1000, "0a747fe40ff4cadbf60cf6eb630a4c7bff7500ddfacb6fb95276f40155f2d53d"),
        ])
    func knownAnswers(count: Int, hex: String) {
        let tree = MerkleTreeTests.tree((0..<count).map(MerkleTreeTests.leaf))
        #expect(tree.root.description == hex)
        #expect(tree.count == UInt64(count))
    }

    @Test("each size up to 130 gives the root of the recursion, asked for at any time")
    func recursion() {
        let leaves = (0..<130).map(MerkleTreeTests.leaf)
        var tree = MerkleTree()
        for n in 0..<130 {
            #expect(tree.root == MerkleTreeTests.recursive(leaves.prefix(n)), "\(n) leaves")
            tree.append(leaves[n])
        }
    }

    @Test(
        "any leaf that is changed, exchanged, left out or repeated gives another root", arguments: [1, 2, 6, 7, 64, 65])
    func binding(count: Int) {
        let leaves = (0..<count).map(MerkleTreeTests.leaf)
        let root = MerkleTreeTests.tree(leaves).root
        var roots: Set<Digest> = [root]
        func expectNew(_ changed: [Digest]) { #expect(roots.insert(MerkleTreeTests.tree(changed).root).inserted) }
        for i in 0..<count {
            var changed = leaves
            changed[i] = MerkleTreeTests.leaf(count + i)
            expectNew(changed)
            changed = leaves
            changed.remove(at: i)
            if i == count - 1 { expectNew(changed) } else { #expect(MerkleTreeTests.tree(changed).root != root) }
            if i > 0 {
                changed = leaves
                changed.swapAt(i - 1, i)
                expectNew(changed)
            }
        }
        expectNew(leaves + [leaves[count - 1]])
    }

    @Test("an inner node cannot pass for a leaf")
    func domains() {
        let two = MerkleTreeTests.tree([MerkleTreeTests.leaf(0), MerkleTreeTests.leaf(1)]).root
        #expect(MerkleTreeTests.tree([two]).root != two)
    }
}
