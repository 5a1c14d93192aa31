"""Experiments on models: what tokens, parameters and prompts do. Knows no page and no HTTP."""
