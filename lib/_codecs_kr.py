"""Codecs of Korean."""
from _multibytecodec import _finder

getcodec = _finder(euc_kr="ibm-970_P110_P110-2006_U2", cp949="windows-949-2000")
