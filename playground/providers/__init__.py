"""Who answers: one file per wire protocol, and the driver they share. Knows no conversation and no page."""
