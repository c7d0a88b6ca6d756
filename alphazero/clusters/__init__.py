"""Checks of cluster files of `ray up`: their cost, the limits of the account, and the folders of runs."""
