"""Quality: what must hold of a staged batch, checked by Great Expectations before anything is published.

Great Expectations takes seconds to import. Only :mod:`riskloom.quality.checkpoint` and what it uses import it, and
the gate imports those when it runs.
"""
