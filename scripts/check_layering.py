#!/usr/bin/env python3
"""Checks the direction of includes: each folder may include only those named for it. `gc` in order, then `vm`."""
import os
import re
import sys

ALLOWED = {
    "gc/platform": [],
    "gc/object": ["gc/platform"],
    "gc/sync": ["gc/platform", "gc/object"],
    # The last reference destroys: the one call upwards, into gc/heap/heap.h.
    "gc/refcount": ["gc/platform", "gc/object", "gc/sync", "gc/heap"],
    "gc/reclaim": ["gc/platform", "gc/object", "gc/sync", "gc/refcount"],
    "gc/heap": ["gc/platform", "gc/object", "gc/sync", "gc/refcount", "gc/reclaim"],
    "gc/collector": ["gc/platform", "gc/object", "gc/sync", "gc/refcount", "gc/reclaim", "gc/heap"],
    "vm/syntax": ["gc/platform"],
    "vm/ops": ["gc", "vm/object", "vm/types"],
    "vm/compile": ["gc/platform", "vm/syntax", "vm/ops"],
    # The object model and the core types are one layer; code objects read the position table and opcodes.
    "vm/object": ["gc", "vm/types", "vm/ops"],
    "vm/types": ["gc", "vm/object", "vm/ops", "vm/compile", "vm/modules/support"],
    # Line events read the position table.
    "vm/interp": ["gc", "vm/object", "vm/types", "vm/ops", "vm/compile"],
    "vm/jit": ["gc", "vm/object", "vm/types", "vm/ops", "vm/interp", "jit_stencils", "vm/modules/sys"],
}
# `#include "stress/..."` and the like are never right in the product.
FORBIDDEN = ["tests", "stress", "benchmarks"]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    problems = 0
    for top in ("gc", "vm", "include"):
        for folder, _, files in os.walk(os.path.join(root, top)):
            relative = os.path.relpath(folder, root)
            allowed = next((v for k, v in ALLOWED.items() if relative == k or relative.startswith(k + "/")), None)
            own = next((k for k in ALLOWED if relative == k or relative.startswith(k + "/")), relative)
            for name in files:
                if not name.endswith((".h", ".cpp", ".inc")):
                    continue
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as source:
                    for number, line in enumerate(source, 1):
                        match = re.match(r'#include "([^"]+)"', line)
                        if not match or "/" not in match[1]:
                            continue
                        target = os.path.dirname(match[1])
                        bad = any(target == f or target.startswith(f + "/") for f in FORBIDDEN)
                        if allowed is not None and not (target == own or target.startswith(own + "/")):
                            bad = bad or not any(target == a or target.startswith(a + "/") for a in allowed)
                        if bad:
                            problems += 1
                            print(f"{os.path.relpath(path, root)}:{number}: {relative} may not include {match[1]}")
    print(f"{problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
