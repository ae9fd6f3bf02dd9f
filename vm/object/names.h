#pragma once
// Interned names the runtime itself uses: names::add.str() is "__add__".
#include "vm/types/str.h"

namespace pt::names {
#define PT_DUNDER(name) inline constinit Name name{"__" #name "__"};
#define PT_NAME(name) inline constinit Name name##_{#name};
#include "vm/object/names.def"
#undef PT_DUNDER
#undef PT_NAME
}  // namespace pt::names
namespace pt::names {
// Names that are C++ keywords or clash with macros.
inline constinit Name class_dunder{"__class__"}, delete_dunder{"__delete__"}, new_dunder{"__new__"}, and_dunder{"__and__"},
    rand_dunder{"__rand__"}, iand_dunder{"__iand__"}, or_dunder{"__or__"}, ror_dunder{"__ror__"}, ior_dunder{"__ior__"},
    xor_dunder{"__xor__"}, rxor_dunder{"__rxor__"}, ixor_dunder{"__ixor__"}, bool_dunder{"__bool__"}, sizeof_dunder{"__sizeof__"},
    int_dunder{"__int__"}, float_dunder{"__float__"};
}  // namespace pt::names
