"""Codecs of Chinese (Taiwan)."""
from _multibytecodec import _finder

getcodec = _finder(big5="windows-950-2000", cp950="windows-950-2000")
