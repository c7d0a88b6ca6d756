"""Typed settings, one module per component; `schema.Config` is the whole tree."""
