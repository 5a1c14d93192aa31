"""Small, honest peers to measure against."""
