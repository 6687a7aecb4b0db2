"""A simulated platform whose attacks are known: raw logs as a real platform writes them, and the truth beside them.

``python -m demo.simulate --scale S --seed 7 --out DIR`` writes ``DIR/raw`` and ``DIR/truth``; docs/simulation.md says
what is in them.
"""
