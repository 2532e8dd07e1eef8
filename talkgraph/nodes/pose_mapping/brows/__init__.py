"""How high the brows stand, and how a person moves them.

measure     the height of the brows, linear in the expression, and how to change it alone
habit       the person's own movement of the brows, from a clip
"""
