"""The child process in which files from outside are opened; never imported by the parent.

`__main__` sets the limits and runs one job; `opening` guards what may be opened; `video`, `sound`
(with `plain_sound`, `channels` and `levels`) and `photo` write normalised copies. The protocol is
in `talkgraph.nodes.media.decode`.
"""
