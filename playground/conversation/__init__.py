"""One conversation: from a contender and a history to a growing reply. Knows no vendor and no page."""
