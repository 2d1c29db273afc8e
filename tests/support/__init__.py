"""What tests share: oracles, contracts, cases and strategies."""
