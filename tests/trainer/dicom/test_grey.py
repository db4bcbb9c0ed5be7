"""Stored values to grey levels, against the formulas of PS3.3 worked out by hand and against pydicom."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing

from trainer.dicom import DicomFault
from trainer.dicom.grey import ELEMENTS, window


def film(values, dtype=np.uint16) -> np.ndarray:
    """A film of 64 x 64 px whose first values are these; the last of them fills the rest."""
    stored = np.full(64 * 64, values[-1], dtype)
    stored[: len(values)] = values
    return stored.reshape(64, 64)


def table(first: int, entries: list[int], bits: int, *, packed: bool = False) -> list[Dataset]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.array(entries, "<u1" if packed else "<u2").tobytes())
    return [item]


@pytest.mark.parametrize(
    "center, width, function, levels",
    [
        # ((x - 99.5) / 10 + 0.5) * 255 between 94.5 and 104.5
        (100, 11, None, {0: 0, 94: 0, 95: 13, 99: 115, 104: 242, 105: 255, 4000: 255}),
        (2048, 4096, "LINEAR", {0: 0, 2047: 127, 2048: 128, 4095: 255}),
        (100, 1, "LINEAR", {99: 0, 100: 255}),
        # ((x - 100) / 8 + 0.5) * 255 between 96 and 104
        (100, 8, "LINEAR_EXACT", {96: 0, 97: 32, 100: 128, 103: 223, 104: 255}),
        (100, 0.5, "LINEAR_EXACT", {99: 0, 101: 255}),
        # 255 / (1 + exp(-4 (x - 100) / 40))
        (100, 40, "SIGMOID", {0: 0, 60: 5, 100: 128, 110: 186, 140: 250, 4000: 255}),
        ([100, 2000], [11, 4000], None, {94: 0, 99: 115, 105: 255}),
    ],
)
def test_a_window_gives_what_the_formula_says(make_dicom, grey, center, width, function, levels):
    elements = {} if function is None else {"VOILUTFunction": function}
    levels_of_film = grey(make_dicom(film(list(levels)), WindowCenter=center, WindowWidth=width, **elements))
    assert levels_of_film.ravel()[: len(levels)].tolist() == list(levels.values())


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("slope, intercept", [(1, 0), (2.5, -1024), (-1, 4095)])
def test_windows_agree_with_pydicom(function, slope, intercept):
    stored = np.arange(4096, dtype=np.uint16)
    elements = Dataset()
    elements.update(
        {
            "PhotometricInterpretation": "MONOCHROME2",
            "PixelRepresentation": 0,
            "BitsStored": 12,
            "RescaleSlope": slope,
            "RescaleIntercept": intercept,
            "WindowCenter": 700,
            "WindowWidth": 900,
            "VOILUTFunction": function,
        }
    )
    modal = apply_modality_lut(stored, elements)
    theirs = apply_windowing(modal, elements)
    ends = [slope * end + intercept for end in (0, 4095)]
    shares = (theirs - ends[0]) / (ends[1] - ends[0])
    np.testing.assert_allclose(window(modal, 700, 900, function), shares, atol=1e-9)


def test_rescaling_comes_before_the_window(make_dicom, grey):
    # 2 x - 1024: 512 -> 0 and 1023 -> 1022; window from 0 to 1023
    stored = film([0, 512, 768, 1023, 1500])
    levels = grey(make_dicom(stored, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=512, WindowWidth=1024))
    assert levels.ravel()[:5].tolist() == [0, 0, 128, 255, 255]


def test_without_a_window_the_films_own_range_becomes_the_grey_scale(make_dicom, grey):
    assert grey(make_dicom(film([1000, 1500, 2000, 3000]))).ravel()[:4].tolist() == [0, 64, 128, 255]


def test_values_with_a_sign_keep_their_order(make_dicom, grey):
    stored = film([-1000, 0, 1000], np.int16)
    assert grey(make_dicom(stored)).ravel()[:3].tolist() == [0, 128, 255]
    windowed = grey(make_dicom(stored, WindowCenter=0.5, WindowWidth=1001))
    assert windowed.ravel()[:3].tolist() == [0, 128, 255]


def test_eight_bits_pass_through_a_full_window_unchanged(make_dicom, grey):
    stored = film(list(range(256)), np.uint8)
    np.testing.assert_array_equal(grey(make_dicom(stored, WindowCenter=128, WindowWidth=256)), stored)


def test_bits_beyond_those_stored_do_not_count(make_dicom, grey):
    overlaid = film([0, 2048, 4095]) | np.uint16(0xF000)
    elements = {"BitsStored": 12, "WindowCenter": 2048, "WindowWidth": 4096}
    assert grey(make_dicom(overlaid, **elements)).ravel()[:3].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "elements, inverted",
    [
        ({"PhotometricInterpretation": "MONOCHROME2"}, False),
        ({"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "IDENTITY"}, False),
        ({"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "INVERSE"}, True),
        ({"PhotometricInterpretation": "MONOCHROME1"}, True),
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}, True),
    ],
)
def test_a_film_whose_low_values_are_white_is_turned_around_once(make_dicom, grey, elements, inverted):
    stored = film([0, 100, 1023])
    levels = grey(make_dicom(stored, WindowCenter=512, WindowWidth=1024, **elements)).ravel()[:3].tolist()
    assert levels == ([255, 230, 0] if inverted else [0, 25, 255])


def test_padding_does_not_stretch_the_range(make_dicom, grey):
    stored = film([0, 1000, 1500, 2000])
    assert grey(make_dicom(stored)).ravel()[:4].tolist() == [0, 128, 191, 255]
    assert grey(make_dicom(stored, PixelPaddingValue=0)).ravel()[:4].tolist() == [0, 0, 128, 255]
    limited = make_dicom(stored, PixelPaddingValue=0, PixelPaddingRangeLimit=1000)
    assert grey(limited).ravel()[:4].tolist() == [0, 0, 0, 255]


def test_a_film_of_padding_only_is_black(make_dicom, grey):
    assert grey(make_dicom(film([7]), PixelPaddingValue=7)).max() == 0


def test_a_table_of_interest_goes_before_the_window(make_dicom, grey):
    data = make_dicom(
        film([9, 10, 11, 12, 13]), VOILUTSequence=table(10, [0, 512, 1023], 10), WindowCenter=1, WindowWidth=2
    )
    assert grey(data).ravel()[:5].tolist() == [0, 0, 128, 255, 255]


def test_a_modality_table_goes_before_the_window(make_dicom, grey):
    data = make_dicom(film([0, 1, 2]), ModalityLUTSequence=table(0, [30, 20, 10], 8), WindowCenter=20.5, WindowWidth=21)
    assert grey(data).ravel()[:3].tolist() == [255, 128, 0]


def test_a_table_may_begin_below_zero(make_dicom, grey):
    data = make_dicom(film([-2, -1, 0], np.int16), VOILUTSequence=table(-2, [0, 51, 255], 8))
    assert grey(data).ravel()[:3].tolist() == [0, 51, 255]


@pytest.mark.parametrize("packed", [False, True])
def test_tables_of_eight_bits_come_in_words_and_in_bytes(make_dicom, grey, packed):
    entries = [number // 2 for number in range(512)]
    stored = film([0, 255, 300, 511])
    data = make_dicom(stored, VOILUTSequence=table(0, entries, 8, packed=packed))
    assert grey(data).ravel()[:4].tolist() == [0, 127, 150, 255]


def test_pydicom_wraps_around_in_a_long_table_of_eight_bits():
    """The reason why tables are read here; once this fails, `trainer.dicom.table` may ask pydicom."""
    elements = Dataset()
    elements.file_meta = Dataset()
    elements.VOILUTSequence = table(0, [number // 2 for number in range(512)], 8)
    elements.VOILUTSequence[0]["LUTData"].VR = "US"
    elements.VOILUTSequence[0].LUTData = [number // 2 for number in range(512)]
    assert apply_voi(np.array([300], np.uint16), elements).tolist() == [(300 - 256) // 2]


@pytest.mark.parametrize(
    "elements, message",
    [
        ({"WindowCenter": 1, "WindowWidth": 0}, "window width 0 of function LINEAR is not at least 1"),
        (
            {"WindowCenter": 1, "WindowWidth": -5, "VOILUTFunction": "SIGMOID"},
            "window width -5 of function SIGMOID is not above 0",
        ),
        (
            {"WindowCenter": 1, "WindowWidth": 5, "VOILUTFunction": "CUBIC"},
            "window function 'CUBIC' is not one of LINEAR, LINEAR_EXACT, SIGMOID",
        ),
        ({"RescaleSlope": "1e300", "RescaleIntercept": 0}, "RescaleSlope 1e+300 is no number of a film"),
        ({"VOILUTSequence": table(0, [1, 2], 4)}, "VOILUTSequence has a table of 4 bits; 8 to 16 are read"),
        ({"VOILUTSequence": [Dataset()]}, "VOILUTSequence has a table without descriptor or data"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make_dicom, grey, elements, message):
    with pytest.raises(DicomFault, match="^" + message.replace("+", r"\+")) as caught:
        grey(make_dicom(film([0, 1, 2]), **elements))
    assert caught.value.reason == "unreadable"


def test_a_table_shorter_than_it_says_is_refused(make_dicom, grey):
    short = table(0, [1, 2, 3], 16)
    short[0].LUTDescriptor = [300, 0, 16]
    with pytest.raises(DicomFault, match="has a table of 3 entries that should have 300"):
        grey(make_dicom(film([0, 1]), VOILUTSequence=short))


def test_an_empty_window_is_no_window(make_dicom, grey):
    data = make_dicom(film([5, 6, 7]), WindowCenter="", WindowWidth="", VOILUTSequence=[])
    assert grey(data).ravel()[:3].tolist() == [0, 128, 255]


def test_every_element_is_one_that_pydicom_knows():
    from pydicom.datadict import tag_for_keyword

    assert all(tag_for_keyword(keyword) for keyword in ELEMENTS)
