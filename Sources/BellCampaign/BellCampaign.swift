// BellCampaign: see docs/architecture.md.
