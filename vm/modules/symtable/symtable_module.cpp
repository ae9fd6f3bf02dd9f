// The _symtable module: the compiler's symbol tables as objects.
#include "vm/object/module.h"
#include "vm/object/native.h"
#include "vm/runtime/runtime.h"
#include "vm/syntax/symtable.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt {
namespace {

using syntax::Identifier;
using syntax::Scope;

constexpr int kScopeShift = 11;
constexpr int64_t kScopeMask = 15, kFlagMask = (1 << kScopeShift) - 1;

constinit Type entry_type;

struct Entry : Object {
  Field id, name, symbols, varnames, children, type, lineno, nested;  // immutable after construction
};

void entry_traverse(Object* o, FieldVisitor& v) {
  auto* e = static_cast<Entry*>(o);
  for (Field* f : {&e->id, &e->name, &e->symbols, &e->varnames, &e->children, &e->type, &e->lineno, &e->nested}) v(*f);
}
Ref<> entry_repr(Value self) {
  auto* e = reinterpret_cast<Entry*>(self.as_object());
  return str_format("<symtable entry %V(%V), line %V>", e->name.peek(), e->id.peek(), e->lineno.peek());
}
const MemberDef kMembers[] = {{"id", offsetof(Entry, id)},
                              {"name", offsetof(Entry, name)},
                              {"symbols", offsetof(Entry, symbols)},
                              {"varnames", offsetof(Entry, varnames)},
                              {"children", offsetof(Entry, children)},
                              {"nested", offsetof(Entry, nested)},
                              {"type", offsetof(Entry, type)},
                              {"lineno", offsetof(Entry, lineno)},
                              {}};
const TypeSpec kEntrySpec = {.name = "symtable.entry",
                             .size = sizeof(Entry),
                             .flags = kTypeNoInstantiate,
                             .slots = {.repr = entry_repr},
                             .traverse = entry_traverse,
                             .members = kMembers};

Ref<> text_of(const Identifier* id) {
  Ref<Str> s = str_from_wtf8(id->view());
  return s ? Ref<>::retain(Value::object(intern(std::move(s)))) : Ref<>();
}

Ref<> entry_from(const Scope* scope) {
  RecursionGuard guard(" during compilation", 3);
  if (!guard) return Ref<>();
  Ref<Entry> e = allocate<Entry>(&entry_type);
  Ref<Dict> symbols = dict_new();
  Ref<List> varnames = list_new(), children = list_new();
  Ref<> name = text_of(scope->name);
  if (!e || !symbols || !varnames || !children || !name) return Ref<>();
  for (const syntax::Symbol* symbol : scope->symbols) {
    Ref<> key = text_of(symbol->name);
    int64_t flags = (symbol->flags & kFlagMask) | static_cast<int64_t>(symbol->scope) << kScopeShift;
    if (!key || !dict_set(symbols.get(), key.value(), Value::small_int(flags))) return Ref<>();
  }
  for (const Identifier* parameter : scope->parameters) {
    if (!list_append(varnames.get(), text_of(parameter))) return Ref<>();
  }
  for (const Scope* child : scope->children) {
    Ref<> made = entry_from(child);
    if (!made || !list_append(children.get(), std::move(made))) return Ref<>();
  }
  bool module = scope->type == syntax::BlockType::Module;
  int type = module ? 2 : scope->type == syntax::BlockType::Class ? 1 : scope->type == syntax::BlockType::Function ? 0 : 3;
  e->id.init(int_from_uint64(reinterpret_cast<uintptr_t>(e.get())));
  e->name.init(std::move(name));
  e->symbols.init(std::move(symbols));
  e->varnames.init(std::move(varnames));
  e->children.init(std::move(children));
  e->type.init(Ref<>::steal(Value::small_int(type)));
  e->lineno.init(Ref<>::steal(Value::small_int(module ? 0 : scope->span.line)));
  e->nested.init(Ref<>::steal(Value::small_int(scope->is_nested)));
  return e;
}

Ref<> symtable_function(const Value* a) {
  Ref<Str> filename = source_filename(a[1]);
  if (!filename) return Ref<>();
  if (!is_str(a[2])) return raise(exc::TypeError, "symtable() argument 3 must be str, not %T", a[2]);
  CompileRequest request;
  request.filename = filename.get();
  request.mode = nullptr;
  for (const char* mode : {"exec", "eval", "single"}) {
    if (as_str(a[2])->equals_ascii(mode)) request.mode = mode;
  }
  if (!request.mode) return raise(exc::ValueError, "symtable() arg 3 must be 'exec' or 'eval' or 'single'");
  auto convert = [](const syntax::SymbolTable* table) { return entry_from(table->top); };
  if (is_str(a[0])) {
    Utf8 source(as_str(a[0]));
    if (!source.ok()) return Ref<>();
    request.source = source.view();
    return symbol_table(request, convert);
  }
  if (!is_bytes(a[0])) return raise(exc::TypeError, "symtable() arg 1 must be a string or bytes");
  request.source = as_bytes(a[0])->view();
  request.is_str = false;
  return symbol_table(request, convert);
}

const NativeDef kFunctions[] = {{"symtable", "(source, filename, startstr, /)", symtable_function,
                                 "Return symbol and scope dictionaries used internally by compiler."},
                                {}};

bool execute(Module* module) {
  if (!entry_type.spec && !init_module_type(&entry_type, &kEntrySpec)) return false;
  const struct {
    const char* name;
    int64_t value;
  } constants[] = {{"USE", syntax::kUse},
                   {"DEF_GLOBAL", syntax::kDefGlobal},
                   {"DEF_NONLOCAL", syntax::kDefNonlocal},
                   {"DEF_LOCAL", syntax::kDefLocal},
                   {"DEF_PARAM", syntax::kDefParam},
                   {"DEF_FREE", syntax::kDefFree},
                   {"DEF_FREE_CLASS", syntax::kDefFreeClass},
                   {"DEF_IMPORT", syntax::kDefImport},
                   {"DEF_BOUND", syntax::kDefBound},
                   {"DEF_ANNOT", syntax::kDefAnnotation},
                   {"TYPE_FUNCTION", 0},
                   {"TYPE_CLASS", 1},
                   {"TYPE_MODULE", 2},
                   {"LOCAL", 1},
                   {"GLOBAL_EXPLICIT", 2},
                   {"GLOBAL_IMPLICIT", 3},
                   {"FREE", 4},
                   {"CELL", 5},
                   {"SCOPE_OFF", kScopeShift},
                   {"SCOPE_MASK", kScopeMask}};
  for (auto& constant : constants) {
    if (!module_add_int(module, constant.name, constant.value)) return false;
  }
  return true;
}

}  // namespace

extern const NativeModule symtable_module;
const NativeModule symtable_module = {"_symtable", nullptr, kFunctions, execute};

}  // namespace pt
