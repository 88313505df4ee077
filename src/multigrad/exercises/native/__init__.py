"""The exercises as each framework's own documentation solves them, one module per framework: what multigrad must equal.

Every function takes an exercise's inputs and returns ``(value, {name: derivative})`` in Python floats.
"""
