"""Which film a name in the metadata means.

Only the listing is asked, so no name in a metadata file ever reaches the file system.
"""

import posixpath

from components.manifest_gen.folder import ENDINGS, Listing


class Names:
    """The names under which the films of one source may be called."""

    def __init__(self, listing: Listing, endings: tuple[str, ...] = ENDINGS) -> None:
        """Takes the films; a name may lack any of the `endings`, which are compared without case."""
        self._listing = listing
        self._exact = _Index()
        self._bare = _Index()
        for key, listed in listing.items():
            self._exact.add(key, listed.file.below, key)
            stem, ending = posixpath.splitext(key)
            if ending.lower() in endings:
                self._bare.add(stem, posixpath.splitext(listed.file.below)[0], key)

    def find(self, name: str) -> tuple[str, ...]:
        """Keys of the listing that a name fits: none, one, or several between which it does not decide.

        A name is the path of a film from the source's folder or from a folder of films, or its last parts. Within one
        folder of films the whole path goes before last parts, and always a name as it stands before one that an
        ending completes. A folder that the name states is never left out: ``test/a.png`` is not ``train/a.png``. Two
        names of one file, by a link, are no two files.
        """
        for spelled in dict.fromkeys((name, name.replace("\\", "/"))):
            path = posixpath.normpath(spelled)
            for index in (self._exact, self._bare):
                if keys := self._fitting(path, index):
                    films = {str(self._listing[key].film): key for key in reversed(keys)}
                    return tuple(reversed(films.values()))
        return ()

    def _fitting(self, path: str, index: "_Index") -> list[str]:
        whole, tail = index.whole.get(path, []), index.tail.get(path, [])
        if not whole:
            return tail
        settled = {self._listing[key].file.home for key in whole}
        return [*whole, *(key for key in tail if self._listing[key].file.home not in settled)]


class _Index:
    """Path, from the source's folder or a folder of films, and last parts of a path -> keys of films."""

    def __init__(self) -> None:
        self.whole: dict[str, list[str]] = {}
        self.tail: dict[str, list[str]] = {}

    def add(self, path: str, below: str, key: str) -> None:
        for name in {path, below}:
            self.whole.setdefault(name, []).append(key)
        parts = path.split("/")
        for first in range(1, len(parts)):
            self.tail.setdefault("/".join(parts[first:]), []).append(key)
