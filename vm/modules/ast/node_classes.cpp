// The _ast module: its classes are generated from the descriptions of the nodes.
#include <atomic>
#include <string>

#include "vm/modules/ast/tree.h"
#include "vm/object/attributes.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/native.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt::ast {

constinit Type ast_node_type;

namespace {
using syntax::EnumInfo;
using syntax::FieldInfo;
using syntax::NodeInfo;
using syntax::NodeType;
using syntax::Quantity;
using syntax::SumInfo;
using syntax::TypeId;

constinit Classes g_classes;
constinit std::atomic<const Classes*> g_ready{nullptr};
constinit Name kFields{"_fields"}, kAttributes{"_attributes"}, kMatchArgs{"__match_args__"};

const char* type_word(TypeId type) {
  switch (type) {
    case TypeId::Identifier: return "identifier";
    case TypeId::Int: return "int";
    case TypeId::String: return "string";
    case TypeId::ConstantValue: return "constant";
    default: break;
  }
  for (const SumInfo& sum : syntax::all_sums()) {
    if (sum.type == type) return sum.name;
  }
  if (syntax::is_enum(type)) return syntax::enum_info(type).name;
  for (int i = 0; i < Classes::kNodes; ++i) {
    const NodeInfo& info = syntax::node_info(static_cast<NodeType>(i));
    if (info.type == type) return info.name;
  }
  return "?";
}

// "FunctionDef(identifier name, arguments args, ...)", as the abstract grammar in the documentation is written.
std::string grammar_of(const NodeInfo& info) {
  std::string text = info.name;
  for (int i = 0; i < info.field_count; ++i) {
    const FieldInfo& field = info.fields[i];
    text += i ? ", " : "(";
    text += type_word(field.type);
    if (field.quantity == Quantity::Optional) text += '?';
    if (field.quantity == Quantity::Sequence) text += '*';
    text += ' ';
    text += field.name;
  }
  if (info.field_count) text += ')';
  return text;
}

Ref<Tuple> names_tuple(std::initializer_list<const char*> names) {
  Ref<Tuple> t = tuple_allocate(static_cast<int64_t>(names.size()));
  if (!t) return t;
  int64_t i = 0;
  for (const char* name : names) t->items[i++].init(Ref<>::retain(Value::object(intern(name))));
  return t;
}
Ref<Tuple> position_names(bool present) {
  return present ? names_tuple({"lineno", "col_offset", "end_lineno", "end_col_offset"}) : names_tuple({});
}

// class `name`(base) with the given namespace; kept for ever.
Type* make_class(const char* name, Type* base, const std::string& doc, Dict* ns) {
  Ref<Str> text = str_from_ascii(doc);
  if (!text || !dict_set_str(ns, names::doc.str(), text.value()) ||
      !dict_set_str(ns, names::module.str(), Value::object(intern("ast")))) {
    return nullptr;
  }
  Ref<Tuple> bases = tuple_of({Value::object(base)});
  if (!bases) return nullptr;
  Ref<> made = call_values(Value::object(&type_type), {Value::object(intern(name)), bases.value(), Value::object(ns)});
  return made ? reinterpret_cast<Type*>(made.take().as_object()) : nullptr;
}

bool set_fields(Dict* ns, Tuple* fields) {
  return dict_set_str(ns, kFields.str(), Value::object(fields)) && dict_set_str(ns, kMatchArgs.str(), Value::object(fields));
}

bool set_positions(Dict* ns, bool present) {
  Ref<Tuple> attributes = position_names(present);
  if (!attributes || !dict_set_str(ns, kAttributes.str(), attributes.value())) return false;
  return !present || (dict_set_text(ns, "end_lineno", none()) && dict_set_text(ns, "end_col_offset", none()));
}

Type* make_sum(const SumInfo& sum) {
  std::string doc;
  for (int i = 0; i < Classes::kNodes; ++i) {
    const NodeInfo& info = syntax::node_info(static_cast<NodeType>(i));
    if (info.type != sum.type || !info.base) continue;
    doc += doc.empty() ? std::string(sum.name) + " = " : "\n" + std::string(std::string(sum.name).size() + 1, ' ') + "| ";
    doc += grammar_of(info);
  }
  Ref<Dict> ns = dict_new();
  if (!ns || !set_fields(ns.get(), empty_tuple()) || !set_positions(ns.get(), sum.has_span)) return nullptr;
  return make_class(sum.name, &ast_node_type, doc, ns.get());
}

bool make_node(int index, const NodeInfo& info, Type* sum) {
  Ref<Dict> ns = dict_new();
  Ref<Tuple> fields = tuple_allocate(info.field_count);
  if (!ns || !fields) return false;
  for (int i = 0; i < info.field_count; ++i) {
    const FieldInfo& field = info.fields[i];
    Str* name = g_classes.field[index][i] = intern(field.name);
    fields->items[i].init(Ref<>::retain(Value::object(name)));
    if (field.quantity == Quantity::Optional && !dict_set_str(ns.get(), name, none())) return false;
  }
  if (!set_fields(ns.get(), fields.get())) return false;
  if (!sum && !set_positions(ns.get(), info.span >= 0)) return false;
  g_classes.sum[index] = sum;
  g_classes.node[index] = make_class(info.name, sum ? sum : &ast_node_type, grammar_of(info), ns.get());
  return g_classes.node[index];
}

bool make_enum(const EnumInfo& info) {
  int index = enum_index(info);
  std::string doc = std::string(info.name) + " = ";
  for (int i = 0; i < info.count; ++i) doc += (i ? " | " : "") + std::string(info.values[i]);
  Ref<Dict> ns = dict_new();
  if (!ns || !set_fields(ns.get(), empty_tuple()) || !set_positions(ns.get(), false)) return false;
  Type* base = g_classes.enum_class[index] = make_class(info.name, &ast_node_type, doc, ns.get());
  for (int i = 0; base && i < info.count; ++i) {
    Ref<Dict> own = dict_new();
    if (!own || !set_fields(own.get(), empty_tuple())) return false;
    Type* type = g_classes.enum_value_class[index][i] = make_class(info.values[i], base, info.values[i], own.get());
    if (!type) return false;
    Ref<> instance = call0(Value::object(type));
    if (!instance) return false;
    g_classes.enum_value[index][i] = instance.take();
  }
  return base;
}

bool make_classes() {
  for (const SumInfo& sum : syntax::all_sums()) {
    Type* base = make_sum(sum);
    if (!base) return false;
    for (int i = 0; i < Classes::kNodes; ++i) {
      const NodeInfo& info = syntax::node_info(static_cast<NodeType>(i));
      if (info.base && info.type == sum.type && !make_node(i, info, base)) return false;
    }
  }
  for (int i = 0; i < Classes::kNodes; ++i) {
    const NodeInfo& info = syntax::node_info(static_cast<NodeType>(i));
    if (!info.base && !make_node(i, info, nullptr)) return false;
  }
  for (const EnumInfo& info : syntax::all_enums()) {
    if (!make_enum(info)) return false;
  }
  g_ready.store(&g_classes, std::memory_order_release);  // pairs with the acquire in classes()
  return true;
}

// ---- ast.AST ---------------------------------------------------------------------------------------------------------------

bool node_init(Value self, const Args& args) {
  Ref<> fields = find_attribute(Value::object(type_of(self)), kFields.str());
  if (!fields && error_pending()) return false;
  int64_t count = fields ? length(fields.value()) : 0;
  if (count < 0) return false;
  if (args.count > count) {
    return raise(exc::TypeError, "%T constructor takes at most %ld positional argument%s", self, count, count == 1 ? "" : "s");
  }
  for (uint32_t i = 0; i < args.count; ++i) {
    Ref<> name = get_item(fields.value(), Value::small_int(i));
    if (!name) return false;
    if (!is_str(name.value())) return raise(exc::TypeError, "attribute name must be string, not '%T'", name.value());
    Ref<Str> holder;
    if (!set_attribute(self, intern_name(as_str(name.value()), &holder), args.values[i])) return false;
  }
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    Value key = args.names->at(k);
    for (uint32_t i = 0; i < args.count; ++i) {
      Ref<> name = get_item(fields.value(), Value::small_int(i));
      if (!name) return false;
      int same = equal(name.value(), key);
      if (same < 0) return false;
      if (same) return raise(exc::TypeError, "%T got multiple values for argument '%V'", self, key);
    }
    Ref<Str> holder;
    if (!set_attribute(self, intern_name(as_str(key), &holder), args.values[args.count + k])) return false;
  }
  return true;
}
Ref<> node_construct(Type* type, const Args&) { return Ref<>::steal(Value::object(allocate_instance(type))); }

Ref<> node_reduce(const Value* a) {
  Ref<> dict = find_attribute(a[0], names::dict.str());
  if (!dict && error_pending()) return dict;
  Value type = Value::object(type_of(a[0]));
  if (!dict) return tuple_of({type, Value::object(empty_tuple())});
  return tuple_of({type, Value::object(empty_tuple()), dict.value()});
}
Ref<> get_node_dict(Value self) { return instance_dict(self.as_object()); }
bool put_node_dict(Value self, Value v) {
  if (v.empty() || !is_dict(v)) return raise(exc::TypeError, "__dict__ must be set to a dictionary, not a '%T'", v);
  return instance_set_dict(self.as_object(), as_dict(v));
}
void node_traverse(Object* o, FieldVisitor& visitor) {
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_traverse(o, visitor);
}
void node_clear(Object* o) {
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_clear(o);
}
const NativeDef kNodeMethods[] = {{"__reduce__", "($self, /)", node_reduce, "Helper for pickle."}, {}};
const GetSetDef kNodeGetSets[] = {{"__dict__", get_node_dict, put_node_dict}, {}};
const TypeSpec kNodeSpec = {
    .name = "ast.AST",
    .size = sizeof(Object),
    .flags = kTypeBase | kTypeHasDict | kTypeWeakrefs,
    .slots = {.construct = node_construct, .init = node_init},
    .traverse = node_traverse,
    .clear = node_clear,
    .methods = kNodeMethods,
    .getsets = kNodeGetSets,
};

bool execute(Module* module) {
  if (!g_ready.load(std::memory_order_acquire)) {
    if (!init_module_type(&ast_node_type, &kNodeSpec)) return false;
    // Attributes of the class, which is otherwise immutable.
    Ref<Tuple> empty = Ref<Tuple>::retain(empty_tuple());
    for (Name* name : {&kFields, &kAttributes, &kMatchArgs}) {
      if (!type_set_attribute(&ast_node_type, name->str(), empty.value())) return false;
    }
    ast_node_type.flags.fetch_and(~static_cast<uint32_t>(kTypeImmutable), std::memory_order_relaxed);
    if (!make_classes()) return false;
  }
  auto add = [&](Type* type) { return module_add(module, type->layout.name, Ref<>::retain(Value::object(type))); };
  if (!add(&ast_node_type)) return false;
  for (int i = 0; i < Classes::kNodes; ++i) {
    if (g_classes.sum[i] && !add(g_classes.sum[i])) return false;
    if (!add(g_classes.node[i])) return false;
  }
  for (const EnumInfo& info : syntax::all_enums()) {
    int e = enum_index(info);
    if (!add(g_classes.enum_class[e])) return false;
    for (int i = 0; i < info.count; ++i) {
      if (!add(g_classes.enum_value_class[e][i])) return false;
    }
  }
  return module_add_int(module, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000) && module_add_int(module, "PyCF_ONLY_AST", 0x400) &&
         module_add_int(module, "PyCF_TYPE_COMMENTS", 0x1000);
}
}  // namespace

const Classes* classes() {
  const Classes* ready = g_ready.load(std::memory_order_acquire);
  if (ready) return ready;
  Ref<> module = import_module("_ast");  // import takes care of threads
  return module ? g_ready.load(std::memory_order_acquire) : nullptr;
}

bool is_tree(Value v) { return g_ready.load(std::memory_order_acquire) && is_instance_of(v, &ast_node_type); }

}  // namespace pt::ast

namespace pt {
extern const NativeModule ast_module;
const NativeModule ast_module = {"_ast", nullptr, nullptr, ast::execute};
}  // namespace pt
