"""Published systems as graphs over one set of nodes: yi2020 (a clip), photo (one photograph).

Beside them `watch`, which looks at a finished video.
"""
