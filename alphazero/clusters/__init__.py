"""Cluster files of `ray up`: what they cost, whether an account may start them, and where runs may lie."""
