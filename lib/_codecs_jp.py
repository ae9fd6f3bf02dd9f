"""Codecs of Japanese."""
from _multibytecodec import _finder

getcodec = _finder(shift_jis="ibm-943_P15A-2003", cp932="ibm-943_P15A-2003", euc_jp="euc-jp-2007")
