"""Which film a name in the metadata means.

Only the listing is asked, so no name in a metadata file ever reaches the file system.
"""

import posixpath
from collections import defaultdict

from components.manifest_gen.folder import ENDINGS, Listing


class Names:
    """The names under which the films of one source may be called."""

    def __init__(self, listing: Listing, endings: tuple[str, ...] = ENDINGS) -> None:
        """Takes the films; a name may lack any of the `endings`, in lower or upper case."""
        self._listing = listing
        self._endings = (*endings, *map(str.upper, endings))
        self._whole: dict[str, dict[str, None]] = defaultdict(dict)  # dicts as sets that keep their order
        self._tail: dict[str, dict[str, None]] = defaultdict(dict)
        for key, listed in listing.items():
            self._whole[key][key] = None
            self._whole[listed.file.below][key] = None
            parts = key.split("/")
            for first in range(1, len(parts)):
                self._tail["/".join(parts[first:])][key] = None

    def find(self, name: str) -> tuple[str, ...]:
        """Keys of the listing that a name fits: none, one, or several between which it does not decide.

        The path from a folder of films or from the source's folder goes before the last parts of a path, and a name
        as it stands before one that an ending completes. A folder that the name states is never left out:
        ``test/a.png`` is not ``train/a.png``. Two names of one file, by a link, are no two files.
        """
        for spelled in (name, name.replace("\\", "/")):
            path = posixpath.normpath(spelled)
            for whole in ([path], [path + ending for ending in self._endings]):
                for known in (self._whole, self._tail):
                    if keys := {key: None for one in whole for key in known.get(one, ())}:
                        films = {str(self._listing[key].film): key for key in reversed(keys)}
                        return tuple(reversed(films.values()))
        return ()
