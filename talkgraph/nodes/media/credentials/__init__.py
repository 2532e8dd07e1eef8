"""Content credentials (C2PA): who says what made a video, in a signed box of the file.

`identity` is a certificate with its key, the user's own or one that is made here (`local`);
`manifest` is what is claimed; `sign` puts it into a file, `read` takes it out and checks it.
"""

from talkgraph.nodes.media.credentials.identity import Identity, read_identity
from talkgraph.nodes.media.credentials.local import local_identity
from talkgraph.nodes.media.credentials.manifest import manifest
from talkgraph.nodes.media.credentials.read import Credentials, credentials_of
from talkgraph.nodes.media.credentials.sign import sign

__all__ = [
    "Credentials",
    "Identity",
    "credentials_of",
    "local_identity",
    "manifest",
    "read_identity",
    "sign",
]
