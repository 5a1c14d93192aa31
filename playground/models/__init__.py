"""What can answer: models, their rules, prices and tokens. Knows nothing of how they are asked."""
