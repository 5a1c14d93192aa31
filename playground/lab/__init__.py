"""Experiments: what tokens, parameters and prompts do, and figures of it. Knows no vendor and no page."""
