"""Imports."""
from __future__ import annotations
import os, sys as system
import os.path as path
from . import sibling
from ..package.module import first, second as other


def lazy(x: int) -> list[str]:
    import json
    from json import dumps
    return json, dumps
