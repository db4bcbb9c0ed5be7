"""What is taken from a header, and what is not."""

import dataclasses
import io
import logging
import random

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.datadict import tag_for_keyword

from trainer.dicom import DicomFault, check, header_of, to_png
from trainer.dicom.header import ALLOWED
from trainer.dicom.reading import read_elements

PIXELS = np.arange(64 * 80, dtype=np.uint16).reshape(64, 80)
SECRETS = {
    "PatientName": "Secretname^Ann",
    "PatientBirthDate": "19010203",
    "StudyDate": "19040506",
    "AcquisitionDateTime": "19070809101112",
    "InstitutionName": "Secretclinic",
    "ReferringPhysicianName": "Secretdoctor",
    "PatientComments": "Secretcomment",
    "ImageComments": "Secretremark",
    "StudyDescription": "Secretstudy",
    "AccessionNumber": "Secretnumber",
    "OtherPatientIDs": "Secretother",
}


@pytest.fixture
def secretive(make_dicom) -> bytes:
    """A film with names, dates, comments, a private element and a sequence that holds a name."""
    film = pydicom.dcmread(io.BytesIO(make_dicom(PIXELS, **SECRETS, PatientAge="058Y", PatientSex="F")))
    film.private_block(0x0011, "Secretvendor", create=True).add_new(1, "LT", "Secretprivate")
    film.RequestAttributesSequence = [pydicom.Dataset()]
    film.RequestAttributesSequence[0].RequestedProcedureDescription = "Secretrequest"
    film.RequestAttributesSequence.is_undefined_length = True
    stream = io.BytesIO()
    film.save_as(stream)
    return stream.getvalue()


def test_a_header_says_what_the_film_is(make_dicom):
    data = make_dicom(PIXELS, BitsStored=12, PatientAge="058Y", PatientSex="F", ViewPosition="AP", Modality="CR")
    header = header_of(data)
    assert (header.rows, header.columns, header.frames, header.samples, header.bits) == (64, 80, 1, 1, 12)
    assert (header.photometric, header.modality, header.view) == ("MONOCHROME2", "CR", "AP")
    assert (header.patient, header.sex, header.age) == ("p1", "F", "058Y")
    assert header.instance.endswith(".498.1")
    assert header.study.endswith(".498.2")
    assert not header.is_directory
    check(header)


def test_a_header_is_read_from_a_file_as_from_its_content(make_dicom, tmp_path):
    data = make_dicom(PIXELS)
    (tmp_path / "IM000001").write_bytes(data)
    assert header_of(tmp_path / "IM000001") == header_of(data)


def test_what_the_file_does_not_say_is_empty(make_dicom):
    header = header_of(make_dicom(PIXELS, PatientID="", ViewPosition=None, Modality=None))
    assert (header.patient, header.view, header.modality, header.sex, header.age) == ("", "", "", "", "")


def test_letters_of_any_alphabet_make_a_patient_id(make_dicom):
    assert header_of(make_dicom(PIXELS, SpecificCharacterSet="ISO_IR 192", PatientID="Ж-17")).patient == "Ж-17"


def test_no_element_outside_the_list_gets_into_memory(secretive):
    found = read_elements(io.BytesIO(secretive), ALLOWED)
    character_set = 0x00080005
    assert {int(element.tag) for element in found.elements()} <= {*map(tag_for_keyword, ALLOWED), character_set}


def test_names_dates_and_comments_are_nowhere_in_what_is_read(secretive):
    said = str(dataclasses.asdict(header_of(secretive))) + repr(header_of(secretive)) + to_png(secretive).hex()
    for secret in (*SECRETS.values(), "Secret"):
        assert secret not in said
        assert secret.encode().hex() not in said


def test_ids_are_not_shown_where_a_header_is(make_dicom):
    shown = repr(header_of(make_dicom(PIXELS, PatientID="hidden")))
    assert "hidden" not in shown
    assert "498.1" not in shown


def test_faults_and_logs_of_a_broken_film_quote_nothing_of_it(secretive, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("pydicom").setLevel(logging.DEBUG)
    generator = random.Random(5)
    faults = []
    for _ in range(300):
        broken = bytearray(secretive)
        for _ in range(generator.choice([1, 5, 30])):
            broken[generator.randrange(132, 900)] = generator.randrange(256)
        try:
            to_png(bytes(broken))
        except DicomFault as fault:
            faults.append(fault.detail)
    logging.getLogger("pydicom").setLevel(logging.NOTSET)
    captured = capfd.readouterr()
    assert len(faults) > 50
    assert "Secret" not in "".join(faults) + caplog.text + captured.out + captured.err
    assert not [record for record in caplog.records if record.name.startswith("pydicom")]


@pytest.mark.parametrize(
    "elements, reason, detail",
    [
        ({"NumberOfFrames": 2}, "frames", "2 frames; a film is a single frame"),
        ({"NumberOfFrames": 0}, "frames", "0 frames; a film is a single frame"),
        (
            {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
            "photometric",
            "photometric interpretation RGB of 3 samples is none of MONOCHROME1, MONOCHROME2 of 1",
        ),
        (
            {"PhotometricInterpretation": "PALETTE COLOR"},
            "photometric",
            "photometric interpretation PALETTE COLOR of 1 samples is none of MONOCHROME1, MONOCHROME2 of 1",
        ),
        ({"Rows": 60000, "Columns": 60000}, "size", "60000 x 60000 px; at most 100000000 pixels are read"),
        (
            {"PresentationIntentType": "FOR PROCESSING"},
            "unprocessed",
            "the detector's raw values, not for presentation; export the processed film",
        ),
        ({"Rows": None}, "not_a_film", "a DICOM file that states no rows and columns, so holds no film; move the file"),
    ],
)
def test_what_is_no_film_says_why_before_anything_is_decoded(make_dicom, elements, reason, detail):
    data = make_dicom(PIXELS, **elements)
    with pytest.raises(DicomFault) as caught:
        check(header_of(data))
    assert (caught.value.reason, caught.value.detail) == (reason, detail)
    with pytest.raises(DicomFault) as caught:
        to_png(data)
    assert caught.value.reason == reason


def test_a_directory_of_films_is_known_as_one(make_dicom):
    film = pydicom.dcmread(io.BytesIO(make_dicom(PIXELS)))
    film.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    stream = io.BytesIO()
    film.save_as(stream)
    with pytest.raises(DicomFault, match="a DICOMDIR lists films and holds none"):
        check(header_of(stream.getvalue()))
