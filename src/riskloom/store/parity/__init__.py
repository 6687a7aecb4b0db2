"""Parity: what is served now, beside what a training set has at the same instant."""
