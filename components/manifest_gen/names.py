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
        self._whole: dict[str, list[str]] = defaultdict(list)
        self._tail: dict[str, list[str]] = defaultdict(list)
        for key, listed in listing.items():
            for path in {key, listed.file.below}:
                self._whole[path].append(key)
            parts = key.split("/")
            for first in range(1, len(parts)):
                self._tail["/".join(parts[first:])].append(key)

    def find(self, name: str) -> tuple[str, ...]:
        """Keys of the listing that a name fits: none, one, or several between which it does not decide.

        A name is the path of a film from the source's folder or from a folder of films, or its last parts. Within one
        folder of films the whole path goes before last parts, and always a name as it stands before one that an
        ending completes. A folder that the name states is never left out: ``test/a.png`` is not ``train/a.png``. Two
        names of one file, by a link, are no two files.
        """
        for spelled in (name, name.replace("\\", "/")):
            path = posixpath.normpath(spelled)
            for paths in ([path], [path + ending for ending in self._endings]):
                if keys := dict.fromkeys(key for one in paths for key in self._fitting(one)):
                    films = {str(self._listing[key].film): key for key in reversed(keys)}
                    return tuple(reversed(films.values()))
        return ()

    def _fitting(self, path: str) -> list[str]:
        whole = self._whole.get(path, ())
        settled = {self._listing[key].file.home for key in whole}
        return [*whole, *(key for key in self._tail.get(path, ()) if self._listing[key].file.home not in settled)]
