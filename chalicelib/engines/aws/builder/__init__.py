"""What runs within CodeBuild: clones and builds an app, or runs its pre-deploy command.

It needs Python and honcho only, for images Docker too, and learns all it needs from the order
that it is given.
"""
