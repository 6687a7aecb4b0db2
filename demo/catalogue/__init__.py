"""The catalogue of the simulated platform: which feature answers which question that a risk team asks."""
