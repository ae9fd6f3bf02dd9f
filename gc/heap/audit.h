#pragma once
// The reference audit: compares every object's count with the references that can be found.
#include <cstdint>

namespace pt {

struct AuditResult {
  int64_t objects = 0;       // looked at
  int64_t undercounted = 0;  // more references found than counted: memory will be freed too early
  int64_t unexplained = 0;   // fewer found than counted: held by native code, or leaked
};

// Attached thread, no locks; stops the world. Counts the references from heap fields and from the roots that the vm
// reports, and prints up to `print_limit` suspicious objects to stderr with what the reference ledger knows of them.
// Counts in native code's hands are not found: meant for the end of a program, or for tests.
AuditResult audit_refcounts(int print_limit);

}  // namespace pt
