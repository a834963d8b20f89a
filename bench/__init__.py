"""The measure: what Zabota costs, against plain baselines on the same machine. See README.md."""
