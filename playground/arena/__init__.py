"""Blind battles between contenders, their votes, and what may be concluded from them. Knows no vendor and no page."""
