"""How something is said, apart from what is said; shared by the stages.

pitch     fundamental frequency by autocorrelation
mark      a number that tells one speech from another
prosody   loudness, pitch and voicing of every video frame
"""
