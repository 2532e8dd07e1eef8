"""Where the tests find what they read."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"

CLIPS_VARIABLE = "TALKGRAPH_TEST_DATA"
_named = os.environ.get(CLIPS_VARIABLE)
CLIPS = Path(_named).absolute() if _named else None
"""Real clips, photos and speech, which the repository does not hold: `video/`, `photos/`,
`speech/`, named by the environment variable. Tests take them as the fixture `clips`."""
