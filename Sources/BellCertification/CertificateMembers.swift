/// What each member of a certificate is, for people; `docs/certificate.md` tells more.
public enum CertificateMembers {
    /// A few words for a member of the top level; nil for an unknown one.
    public static func words(_ member: String) -> String? { all[member] }

    static let all: [String: String] = [
        "anchors": "who outside holds something of the plan from before the first trial",
        "assumptions": "what no data of the campaign can show",
        "blocks": "counts, margins, calibration and evidence, block by block",
        "bounds": "every bound side by side, registered or not",
        "campaign": "which campaign",
        "claims": "the registered claims",
        "consistency": "no-signalling, the settings against the declared bias, and the quantum bound",
        "devices": "the boards, their firmware and their keys",
        "e_process": "the test that is valid at any time",
        "end": "how the campaign ended",
        "hash": "BLAKE2b-256 of everything else",
        "kind": "what this file is",
        "local_realism": "p-values against local realism",
        "locality": "the margins and the verdict on locality",
        "min_entropy": "the bound of 2010, for comparison",
        "node_keys": "the keys that signed the nodes' chunks",
        "plan": "the sealed plan",
        "plan_chain": "the laboratory's other plans when the campaign was begun, and how they ended",
        "plan_hash": "BLAKE2b-256 of the sealed plan",
        "prediction_ratio": "the test that learns its bet, valid at any time",
        "reasons": "why it is not certified",
        "rng_health": "what the health tests of the settings have come to",
        "rng_health_tests": "the cut-offs of those tests, and which failed",
        "signatures": "how many chunks were signed",
        "signed_by": "the certifier's key",
        "simulated": "whether anything was simulated",
        "software": "the belld that ran it",
        "statistics": "S, wins and their uncertainties",
        "summary": "what the claim relies on and no data can refute, with how much it would shrink",
        "tally": "all counts and losses",
        "training": "the trials from which a power was chosen",
        "verdict": "certified, not certified or invalid, for the headline claim",
        "version": "the format's version",
    ]
}
