"""`read_phones`: a phone alignment from a file of the user."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Node, node
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.phones import Phones, phones_of

MOST_BYTES = 8 << 20  # an hour of speech has 2 MB of phones


@node("read_phones", version=1)
class ReadPhones(Node):
    """Read where each phone of a speech begins and ends; see `phones.phones_of` for the formats.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from talkgraph.nodes.evaluate import ReadPhones
        >>> labels = Path(tempfile.mkdtemp()) / "labels.txt"
        >>> _ = labels.write_text("0.10\\t0.18\\tM\\n0.18\\t0.30\\tAH1\\n")
        >>> ReadPhones().run(labels).symbols
        ['M', 'AH1']
    """

    def run(self, alignment: Path) -> Phones:
        """Read the file.

        Raises:
            InputError: it is no text, too large, or no alignment.
        """
        try:
            with alignment.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            # Praat writes UTF-16 where a symbol is not ASCII.
            wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
            text = content.decode("utf-16" if wide else "utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the alignment cannot be read ({error}); export it as text") from None
        if len(content) > MOST_BYTES:
            raise InputError("the alignment is larger than 8 MiB; export the phones alone")
        return phones_of(text)
