"""Kernels over batches of records: they read clean records, and leave every other one to the plain reading.

A kernel never guesses. It takes a record only where the plain reading would give the same fields without noting
anything, and a test holds the two equal on records that are damaged in every way.
"""
