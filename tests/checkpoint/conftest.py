"""Puts this folder on the path, so that the tests in the folders below find the builders and helpers here."""
