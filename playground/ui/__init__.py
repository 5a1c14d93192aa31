"""The page: with app.py the only place that knows Gradio. Knows no vendor and no database."""
