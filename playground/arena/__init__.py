"""Blind battles between contenders, their votes, and what may be concluded from them."""
