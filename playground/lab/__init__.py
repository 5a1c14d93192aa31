"""Experiments: the same questions under many settings, and figures of what comes back. Knows no vendor and no page."""
