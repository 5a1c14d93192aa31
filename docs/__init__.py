"""The pictures of the README, and the script that makes them. Nothing of the app imports it."""
