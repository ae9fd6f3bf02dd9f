"""Codecs of Chinese (Hong Kong)."""
from _multibytecodec import _finder

getcodec = _finder(big5hkscs="ibm-1375_P100-2008")
