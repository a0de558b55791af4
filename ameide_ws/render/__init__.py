"""How things look: events and results, for a person, a pipe or a program. The only package that knows Rich.

What is shown comes from the vocabulary; renderers write SafeText only, and foreign text becomes that through `safe`.
"""
