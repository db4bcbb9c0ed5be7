"""DICOM films: what their headers say, and their pixels as the film that a viewer shows."""

from trainer.dicom.fault import DicomFault
from trainer.dicom.film import decodable, to_png
from trainer.dicom.header import DicomHeader, check, header_of
from trainer.dicom.reading import is_dicom

__all__ = ["DicomFault", "DicomHeader", "check", "decodable", "header_of", "is_dicom", "to_png"]
