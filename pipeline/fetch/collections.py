"""Public collections of chest X-rays by name: where they are, on what terms, in which layout.

Licences are quoted from what the collections say of themselves. They are not legal advice, and the collection's own
page has the last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from trainer.errors import UsageError

GIB: Final = 1 << 30


@dataclass(frozen=True)
class Collection:
    """One collection.

    Attributes:
        name: What ``cxr fetch`` calls it.
        title: What its authors call it.
        folder: Folder that it is laid down in.
        page: Its home page.
        licence: The terms, in the collection's own words where it has any.
        licence_link: Where they are stated.
        citation: What a publication should name.
        needs: What lies at the top of the collection, as globs; by these its folder in an archive is found.
        max_bytes: More than this is neither downloaded nor unpacked.
        source: One of ``data.sources`` that reads it, as YAML; ``data.root`` is the folder around it.
        archive: URL of a tar or zip archive; None where the collection has to be fetched by hand.
        sha256: Of that archive; None where its bytes are not fixed, as of those that GitHub packs on demand.
        git: URL of a repository with the same content, or None.
        by_hand: Where a person gets what cannot be fetched.
    """

    name: str
    title: str
    folder: str
    page: str
    licence: str
    licence_link: str
    citation: str
    needs: tuple[str, ...]
    max_bytes: int
    source: str
    archive: str | None = None
    sha256: str | None = None
    git: str | None = None
    by_hand: str = ""


#: Repositories on GitHub, which packs any branch on demand.
_GITHUB: Final = "https://github.com"
_TARBALL: Final = "/archive/refs/heads/master.tar.gz"

_ALL: Final = (
    Collection(
        name="ieee8023",
        title="COVID-19 image data collection",
        folder="covid-chestxray-dataset",
        page=f"{_GITHUB}/ieee8023/covid-chestxray-dataset",
        archive=f"{_GITHUB}/ieee8023/covid-chestxray-dataset{_TARBALL}",
        git=f"{_GITHUB}/ieee8023/covid-chestxray-dataset.git",
        licence=(
            "Each image has license specified in the metadata.csv file. Including Apache 2.0, CC BY-NC-SA 4.0, "
            "CC BY 4.0. The metadata.csv, scripts, and other documents are released under a CC BY-NC-SA 4.0 license. "
            "Companies are free to perform research. (Rows without a licence state none.)"
        ),
        licence_link="https://github.com/ieee8023/covid-chestxray-dataset#license",
        citation="Cohen, Morrison, Dao: COVID-19 image data collection, arXiv:2003.11597, 2020",
        needs=("metadata.csv", "images"),
        max_bytes=20 * GIB,
        source="{kind: ieee8023, name: covid-chestxray, path: covid-chestxray-dataset}",
    ),
    Collection(
        name="figure1",
        title="Figure 1 COVID-19 Chest X-ray Dataset Initiative",
        folder="Figure1-COVID-chestxray-dataset",
        page=f"{_GITHUB}/agchung/Figure1-COVID-chestxray-dataset",
        archive=f"{_GITHUB}/agchung/Figure1-COVID-chestxray-dataset{_TARBALL}",
        git=f"{_GITHUB}/agchung/Figure1-COVID-chestxray-dataset.git",
        licence="No licence file. The COVID-19 image data are intended to be used for research purposes only.",
        licence_link="https://github.com/agchung/Figure1-COVID-chestxray-dataset#readme",
        citation="Wang, Lin, Wong: COVID-Net, Scientific Reports 10, 19549, 2020",
        needs=("metadata.csv", "images"),
        max_bytes=2 * GIB,
        source="{kind: ieee8023, name: figure1, path: Figure1-COVID-chestxray-dataset}",
    ),
    Collection(
        name="actualmed",
        title="Actualmed COVID-19 Chest X-ray Dataset Initiative",
        folder="Actualmed-COVID-chestxray-dataset",
        page=f"{_GITHUB}/agchung/Actualmed-COVID-chestxray-dataset",
        archive=f"{_GITHUB}/agchung/Actualmed-COVID-chestxray-dataset{_TARBALL}",
        git=f"{_GITHUB}/agchung/Actualmed-COVID-chestxray-dataset.git",
        licence="No licence file. The COVID-19 image data are intended to be used for research purposes only.",
        licence_link="https://github.com/agchung/Actualmed-COVID-chestxray-dataset#readme",
        citation="Wang, Lin, Wong: COVID-Net, Scientific Reports 10, 19549, 2020",
        needs=("metadata.csv", "images"),
        max_bytes=5 * GIB,
        source="{kind: ieee8023, name: actualmed, path: Actualmed-COVID-chestxray-dataset}",
    ),
    Collection(
        name="pneumonia",
        title="Chest X-Ray Images (Pneumonia), of children; the collection that Kaggle has under this name",
        folder="chest_xray",
        page="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        licence="CC BY 4.0",
        licence_link="https://creativecommons.org/licenses/by/4.0/",
        citation=(
            "Kermany, Zhang, Goldbaum: Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
            "Classification, Mendeley Data, V2, doi:10.17632/rscbjbr9sj.2, 2018"
        ),
        needs=("train", "test"),
        max_bytes=5 * GIB,
        source="{kind: kaggle_pneumonia, name: pneumonia, path: chest_xray, view: AP}",
        archive=(
            "https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
            "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded"
        ),
        sha256="13efc055629733dbab07877f8b3c9f81097840dbcdaa326a8542322c2281ce36",
    ),
    Collection(
        name="nih",
        title="NIH ChestX-ray14",
        folder="nih-chestxray14",
        page="https://nihcc.app.box.com/v/ChestXray-NIHCC",
        licence=(
            "There are no restrictions on the use of the NIH chest x-ray images; link to the download site, cite the "
            "CVPR 2017 paper, and acknowledge the NIH Clinical Center as the data provider."
        ),
        licence_link="https://nihcc.app.box.com/v/ChestXray-NIHCC",
        citation="Wang, Peng, Lu, Lu, Bagheri, Summers: ChestX-ray8, IEEE CVPR, pp. 3462-3471, 2017",
        needs=("Data_Entry_2017*.csv", "images*"),
        max_bytes=100 * GIB,
        source="{kind: nih, name: nih, path: nih-chestxray14}",
        by_hand=(
            "download Data_Entry_2017.csv and images_001.tar.gz to images_012.tar.gz in the browser and unpack them "
            "into one folder, or take Kaggle's nih-chest-xrays/data as one zip and give it with --from FILE"
        ),
    ),
)

COLLECTIONS: Final[Mapping[str, Collection]] = MappingProxyType({one.name: one for one in _ALL})


def collection(name: str) -> Collection:
    """The collection of this name.

    Raises:
        UsageError: There is none.
    """
    if name not in COLLECTIONS:
        raise UsageError(f"there is no collection '{name}'; known are {', '.join(COLLECTIONS)}")
    return COLLECTIONS[name]
