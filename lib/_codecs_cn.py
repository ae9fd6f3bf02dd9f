"""Codecs of Chinese (mainland)."""
from _multibytecodec import _finder

getcodec = _finder(gb2312="ibm-1383_P110-1999", gbk="windows-936-2000", gb18030="gb18030")
