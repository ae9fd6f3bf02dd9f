// Moves, locals, cells, globals and names.
#include "vm/interp/dispatch.h"

#include "gc/platform/memory.h"
#include "gc/sync/reservation.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/protocol.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/str.h"

namespace pt {

uint64_t write_then_next(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  PT_SAVE_PC();
  write(frame, PT_A, v);
  PT_NEXT(instruction_words(opcode_of(word)));
}
uint64_t write_killed_then_next(PT_HANDLER_PARAMETERS) {
  Value v = Value::from_bits(word);
  word = load_word(pc);
  PT_SAVE_PC();
  Value from = register_at(frame, PT_B);
  register_at(frame, PT_B) = Value();
  write(frame, PT_A, v);
  release(from);
  PT_NEXT(instruction_words(opcode_of(word)));
}

PT_HANDLER(NOP) { PT_NEXT(1); }
PT_HANDLER(LOAD_CONST) {
  Value v = constants[-1 - static_cast<int64_t>(operand_wide(word))];
  PT_WRITE_FRESH_NEXT(v.as_borrowed(), 1);
}
PT_HANDLER(MOVE) {
  Value v = PT_READ(PT_B);
  if (PT_B & 1) {
    register_at(frame, PT_B) = Value();
  } else {
    v = register_copy(v);
  }
  PT_WRITE_NEXT(v, 1);
}
PT_HANDLER(MOVE_BORROW) { PT_WRITE_FRESH_NEXT(register_at(frame, PT_B).as_borrowed(), 1); }

namespace {
bool unbound_local(Thread* thread, const uint64_t* pc, int operand) {
  PT_SAVE_PC();
  const Code* code = thread->record->code;
  int index = operand >> 1;
  bool is_free = index < static_cast<int>(code->local_end) && (code->local_kinds[index] & 4);
  Str* name = code->local_names[index];
  return is_free ? raise_name_error(exc::NameError,
                                    "cannot access free variable '%U' where it is not associated with a value in enclosing "
                                    "scope",
                                    name)
                 : raise_name_error(exc::UnboundLocalError,
                                    "cannot access local variable '%U' where it is not associated with a value", name);
}
}  // namespace
PT_SLOW(slow_unbound_a) {
  unbound_local(thread, pc, PT_A);
  PT_RAISE();
}
PT_HANDLER(CHECK_BOUND) {
  if (PT_UNLIKELY(PT_READ(PT_A).empty())) PT_TAIL(slow_unbound_a);
  PT_NEXT(1);
}
PT_HANDLER(DELETE_LOCAL) {
  if (PT_UNLIKELY(PT_READ(PT_A).empty())) PT_TAIL(slow_unbound_a);
  PT_SAVE_PC();
  write(frame, PT_A, Value());
  PT_NEXT(1);
}
PT_HANDLER(CLEAR) {
  PT_SAVE_PC();
  write(frame, PT_A, Value());
  PT_NEXT(1);
}

// ---- cells -----------------------------------------------------------------------------------------------------------------
PT_OPERATION(MAKE_CELL, 1) {
  Ref<> cell = cell_new(register_at(frame, PT_A));
  if (!cell) return false;
  write(frame, PT_A, cell.take());
  return true;
}
PT_SLOW_OPERATION(slow_LOAD_CELL, 1) {
  Cell* cell = as_cell(PT_READ(PT_B));
  Ref<> v = cell->content.load(cell);
  if (PT_UNLIKELY(!v)) return unbound_local(thread, pc, PT_B);
  write(frame, PT_A, v.take());
  return true;
}
PT_HANDLER(LOAD_CELL) {
  const Field& content = as_cell(PT_READ(PT_B))->content;
  Value v;
  bool loaded = PT_LIKELY(!multithreaded()) ? try_register_copy(content.peek(), &v) : content.try_load_register(&v);
  if (PT_UNLIKELY(!loaded || v.empty())) PT_TAIL(slow_LOAD_CELL);
  PT_WRITE_NEXT(v, 1);
}
PT_SLOW(slow_STORE_CELL) {
  Cell* cell = as_cell(PT_READ(PT_A));
  PT_SAVE_PC();
  cell->content.store(cell, take_operand(frame, constants, PT_B));
  PT_NEXT(1);
}
PT_HANDLER(STORE_CELL) {
  Cell* cell = as_cell(PT_READ(PT_A));
  if (PT_UNLIKELY(!try_reserve_or_alone(cell))) PT_TAIL(slow_STORE_CELL);
  PT_SAVE_PC();
  Value old = cell->content.peek();
  cell->content.init_value(take_value(frame, constants, PT_B));
  unreserve_unless_alone<Reserve::kSecondTime>(cell);
  release(old);
  PT_NEXT(1);
}
PT_OPERATION(DELETE_CELL, 1) {
  Cell* cell = as_cell(PT_READ(PT_A));
  if (cell->content.peek_acquire().empty()) return unbound_local(thread, pc, PT_A);
  cell->content.store(cell, Ref<>());
  return true;
}
PT_OPERATION(LOAD_CLASS_CELL, 1) {
  Str* name = name_at(thread, PT_C);
  Value locals = thread->record->locals;
  Ref<> v = is_exact_dict(locals) ? dict_get_str(as_dict(locals), name) : get_item(locals, Value::object(name));
  if (!v) {
    if (error_pending() && !clear_if(exc::KeyError)) return false;
    Cell* cell = as_cell(PT_READ(PT_B));
    v = cell->content.load(cell);
    if (!v) return unbound_local(thread, pc, PT_B);
  }
  write(frame, PT_A, v.take());
  return true;
}

// ---- globals -----------------------------------------------------------------------------------------------------------------
// Cache word of LOAD_GLOBAL and LOAD_NAME: version of the namespace's table (high 32 bits), entry (31 bits), 1. Builtins
// are found through a node, whose address has the low bit clear.
namespace {

struct BuiltinNode {
  uint32_t globals_version;
  int64_t globals_entries;   // no key was added to the globals' table since
  uint32_t builtins_version;
  int64_t position;
  const Field* field;        // there
  Value immortal;            // what was in it, if that lives for ever; otherwise what no field holds
};

Dict* builtins_of_record(Thread* thread) {
  if (thread->record->function) return thread->record->function->builtins();
  return nullptr;
}

// Deferred objects need no count in a register.
PT_INLINE Value register_form(Ref<> v) {
  Value raw = v.value();
  if (raw.is_object() && raw.as_object()->has_gc_bit(kGcDeferred)) return Value::borrowed_object(raw.as_object());
  return v.take();
}

// The value in a namespace, by the methods of a mapping that is no plain dict. Empty without an exception: not there.
Ref<> name_in_mapping(Value mapping, Str* name) {
  if (PT_LIKELY(is_exact_dict(mapping))) return dict_get_str(as_dict(mapping), name);
  Ref<> v = get_item(mapping, Value::object(name));
  if (!v) clear_if(exc::KeyError);
  return v;
}

// Code that keeps names in a mapping and was given none keeps them in its globals: a function made of module code.
Value locals_of_record(Thread* thread) {
  Value locals = thread->record->locals;
  return locals.empty() ? Value::object(thread->record->globals) : locals;
}

}  // namespace

Ref<> builtins_lookup(Thread* thread, Str* name) {
  Dict* builtins = builtins_of_record(thread);
  if (builtins) {
    Ref<> v = name_in_mapping(Value::object(builtins), name);
    if (v || error_pending()) return v;
  }
  Ref<> b = dict_get_str(thread->record->globals, names::builtins.str());
  if (!b) return b;
  if (is_module(b.value())) return builtins ? Ref<>() : find_attribute(b.value(), name);
  if (builtins && is_dict(b.value())) return Ref<>();
  return name_in_mapping(b.value(), name);
}

namespace {

Ref<> load_global_general(Thread* thread, Str* name, std::atomic<uint64_t>* cache) {
  Dict* globals = thread->record->globals;
  if (PT_UNLIKELY(!is_exact_dict(Value::object(globals)))) {
    Ref<> v = name_in_mapping(Value::object(globals), name);
    if (!v && !error_pending()) v = builtins_lookup(thread, name);
    if (!v && !error_pending()) raise_name_error(exc::NameError, "name '%U' is not defined", name);
    return v;
  }
  DictPlace place;
  bool placed = dict_place(globals, name, &place);
  if (!placed || place.position >= 0) {
    Ref<> v = dict_get_str(globals, name);
    if (v && placed && place.position < (int64_t{1} << 30)) {
      cache->store((uint64_t{place.version} << 32) | (static_cast<uint64_t>(place.position) << 1) | 1, std::memory_order_relaxed);
    }
    if (v || error_pending()) return v;
  }
  Dict* builtins = builtins_of_record(thread);
  Ref<> v = builtins_lookup(thread, name);
  if (!v) {
    if (!error_pending()) raise_name_error(exc::NameError, "name '%U' is not defined", name);
    return Ref<>();
  }
  DictPlace builtin;
  if (placed && place.position < 0 && builtins && is_exact_dict(Value::object(builtins)) &&
      dict_place(builtins, name, &builtin) && builtin.position >= 0) {
    // Nodes are few (one a site, replaced only when module namespaces grow) and live for ever.
    if (auto* node = static_cast<BuiltinNode*>(memory::allocate_metadata(sizeof(BuiltinNode)))) {
      bool immortal = v.value().is_object() && v.value().as_object()->is_immortal();
      *node = {place.version,    place.entries,    builtin.version,
               builtin.position, &builtin.field(), immortal ? v.value().untagged() : Value::from_bits(Value::kBorrowedBit)};
      cache->store(reinterpret_cast<uint64_t>(node), std::memory_order_release);
    }
  }
  return v;
}

// The entry still holds `v`: its memory had not become another object when its header was read.
PT_INLINE bool in_entry(DictTable* t, int64_t position, Value v) {
  return t->entries()[position].value.peek_acquire().bits() == v.bits();
}

// The cached value, or empty.
PT_INLINE Value global_from_cache(Thread* thread, uint64_t cached) {
  Dict* globals = thread->record->globals;
  if (PT_LIKELY(cached & 1)) {
    auto position = static_cast<int64_t>((cached >> 1) & 0x3FFFFFFF);
    DictTable* t = globals->table.load(std::memory_order_acquire);
    if (PT_UNLIKELY(t->version.load(std::memory_order_relaxed) != static_cast<uint32_t>(cached >> 32))) return Value();
    Value v = t->entries()[position].value.peek_acquire();
    if (!v.is_object()) return v;
    // A deferred object that was in the dict lives until the next stop of the world.
    if (PT_LIKELY((v.as_object()->gc_bits.load(std::memory_order_acquire) & kGcDeferred) && in_entry(t, position, v))) {
      return v.as_borrowed();
    }
    if (PT_LIKELY(!multithreaded())) return register_copy(v);
    if (PT_LIKELY(dict_load_register(globals, t, position, &v))) return v;
    return dict_cached_value(globals, static_cast<uint32_t>(cached >> 32), position).take();
  }
  if (!cached) return Value();
  auto* node = reinterpret_cast<BuiltinNode*>(cached);
  DictTable* t = globals->table.load(std::memory_order_acquire);
  if (t->version.load(std::memory_order_relaxed) != node->globals_version ||
      t->entry_count.load(std::memory_order_acquire) != node->globals_entries) {
    return Value();
  }
  Dict* builtins = builtins_of_record(thread);
  if (!builtins) return Value();
  DictTable* b = builtins->table.load(std::memory_order_acquire);
  if (b->version.load(std::memory_order_relaxed) != node->builtins_version) return Value();
  Value v;
  if (PT_LIKELY(dict_load_register(builtins, b, node->position, &v))) return v;
  return dict_cached_value(builtins, node->builtins_version, node->position).take();
}

PT_INLINE std::atomic<uint64_t>* cache_of(const uint64_t* pc) {
  return reinterpret_cast<std::atomic<uint64_t>*>(const_cast<uint64_t*>(pc + 1));
}

}  // namespace

PT_SLOW_OPERATION(slow_LOAD_GLOBAL, 2) {
  Ref<> v = load_global_general(thread, name_at(thread, PT_B), cache_of(pc));
  if (!v) return false;
  write(frame, PT_A, register_form(std::move(v)));
  return true;
}
PT_SLOW(cached_LOAD_GLOBAL) {
  Value v = global_from_cache(thread, cache_of(pc)->load(std::memory_order_acquire));
  if (PT_UNLIKELY(v.empty())) PT_TAIL(slow_LOAD_GLOBAL);
  PT_WRITE_NEXT(v, 2);
}
// What needs no call: deferred and immortal values, and any value while there is one thread.
PT_HANDLER(LOAD_GLOBAL) {
  uint64_t cached = cache_of(pc)->load(std::memory_order_acquire);  // pairs with the release of a node
  CallRecord* record = thread->record;
  DictTable* t = record->globals->table.load(std::memory_order_acquire);
  uint32_t version = t->version.load(std::memory_order_relaxed);
  if (PT_LIKELY(cached & 1)) {
    auto position = static_cast<int64_t>((cached >> 1) & 0x3FFFFFFF);
    if (PT_UNLIKELY(version != static_cast<uint32_t>(cached >> 32))) PT_TAIL(slow_LOAD_GLOBAL);
    Field& field = t->entries()[position].value;
    Value v = field.peek_acquire();
    if (v.is_object()) {
      Object* o = v.as_object();
      // As in global_from_cache.
      if ((o->gc_bits.load(std::memory_order_acquire) & kGcDeferred) && PT_LIKELY(field.peek_acquire().bits() == v.bits())) {
        v = v.as_borrowed();
      } else if (PT_UNLIKELY(multithreaded() || !try_register_copy(v, &v))) {
        PT_TAIL(cached_LOAD_GLOBAL);
      }
    } else if (PT_UNLIKELY(v.empty())) {
      PT_TAIL(slow_LOAD_GLOBAL);
    }
    PT_WRITE_FRESH_NEXT(v, 2);
  }
  if (PT_UNLIKELY(!cached || !record->function)) PT_TAIL(slow_LOAD_GLOBAL);
  auto* node = reinterpret_cast<BuiltinNode*>(cached);
  if (PT_LIKELY(version == node->globals_version && t->entry_count.load(std::memory_order_acquire) == node->globals_entries)) {
    Dict* builtins = record->function->builtins();
    DictTable* b = builtins ? builtins->table.load(std::memory_order_acquire) : nullptr;
    if (PT_LIKELY(b && b->version.load(std::memory_order_relaxed) == node->builtins_version)) {
      Value v = node->immortal;
      if (PT_LIKELY(node->field->peek_acquire().bits() == v.bits())) {
        PT_WRITE_FRESH_NEXT(Value::from_bits(v.bits() | Value::kBorrowedBit), 2);
      }
    }
  }
  PT_TAIL(cached_LOAD_GLOBAL);
}
PT_OPERATION(STORE_GLOBAL, 1) {
  Ref<> v = take_operand(frame, constants, PT_B);
  if (!dict_set_str(thread->record->globals, name_at(thread, PT_A), v.value())) return false;
  return true;
}
PT_HANDLER(DELETE_GLOBAL) {
  PT_SAVE_PC();
  Str* name = name_at(thread, PT_A);
  int deleted = dict_delete_str(thread->record->globals, name);
  if (deleted == 0) raise_name_error(exc::NameError, "name '%U' is not defined", name);
  if (deleted <= 0) PT_RAISE();
  PT_NEXT(1);
}

// ---- names in a locals mapping -----------------------------------------------------------------------------------------------
PT_SLOW_OPERATION(slow_LOAD_NAME, 2) {
  Str* name = name_at(thread, PT_B);
  Value locals = thread->record->locals;
  Ref<> v;
  if (!locals.empty() && !locals.is(thread->record->globals)) {
    v = name_in_mapping(locals, name);
    if (!v && error_pending()) return false;
  }
  if (!v) v = load_global_general(thread, name, cache_of(pc));
  if (!v) return false;
  write(frame, PT_A, register_form(std::move(v)));
  return true;
}
PT_HANDLER(LOAD_NAME) {
  // Module code: the locals are the globals.
  if (PT_LIKELY(thread->record->locals.is(thread->record->globals))) {
    Value v = global_from_cache(thread, cache_of(pc)->load(std::memory_order_acquire));
    if (PT_LIKELY(!v.empty())) {
      PT_SAVE_PC();
      write(frame, PT_A, v);
      PT_NEXT(2);
    }
  }
  PT_TAIL(slow_LOAD_NAME);
}
PT_OPERATION(STORE_NAME, 1) {
  Str* name = name_at(thread, PT_A);
  Value locals = locals_of_record(thread);
  Ref<> v = take_operand(frame, constants, PT_B);
  bool ok =
      is_exact_dict(locals) ? dict_set_str(as_dict(locals), name, v.value()) : set_item(locals, Value::object(name), v.value());
  if (!ok) return false;
  return true;
}
PT_HANDLER(DELETE_NAME) {
  PT_SAVE_PC();
  Str* name = name_at(thread, PT_A);
  Value locals = locals_of_record(thread);
  bool ok;
  if (is_exact_dict(locals)) {
    int deleted = dict_delete_str(as_dict(locals), name);
    ok = deleted > 0;
    if (deleted == 0) raise_name_error(exc::NameError, "name '%U' is not defined", name);
  } else {
    ok = delete_item(locals, Value::object(name));
    if (!ok && clear_if(exc::KeyError)) raise_name_error(exc::NameError, "name '%U' is not defined", name);
  }
  if (!ok) PT_RAISE();
  PT_NEXT(1);
}
PT_OPERATION(LOAD_LOCALS, 1) {
  Value locals = locals_of_record(thread);
  write(frame, PT_A, Ref<>::retain(locals).take());
  return true;
}
PT_OPERATION(SETUP_ANNOTATIONS, 1) {
  Value locals = locals_of_record(thread);
  Ref<> present;
  if (is_exact_dict(locals)) {
    present = dict_get_str(as_dict(locals), names::annotations.str());
  } else {
    present = get_item(locals, names::annotations.value());
    if (!present && !clear_if(exc::KeyError)) return false;
  }
  if (!present) {
    Ref<Dict> fresh = dict_new();
    if (!fresh || !set_item(locals, names::annotations.value(), fresh.value())) return false;
  }
  return true;
}

}  // namespace pt
