"""Values, their codecs, their content keys and the store that keeps them.

Knows no graphs and no faces.
"""

from talkgraph.cache.files import File
from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.cache.store import Store, default_folder
from talkgraph.cache.values import value

__all__ = ["CHUNK", "File", "Frames", "Store", "default_folder", "value"]
