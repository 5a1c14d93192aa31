"""Running it in public: limits, budgets, logs. Knows no model and no page."""
