# A copy of trainer/dicom/__init__.py, made by serving/client/copy_conversion.py: edit that one.
"""DICOM films: what their headers say, and their pixels as the film that a viewer shows."""

from cxr_client._dicom.fault import DicomFault
from cxr_client._dicom.film import decodable, to_png
from cxr_client._dicom.header import DicomHeader, check, header_of
from cxr_client._dicom.reading import is_dicom

__all__ = ["DicomFault", "DicomHeader", "check", "decodable", "header_of", "is_dicom", "to_png"]
