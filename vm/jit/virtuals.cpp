// Virtual objects: what the builder knows of them, how the recorder makes one that gets out, what an exit makes.
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include "gc/heap/block.h"
#include "gc/heap/heap.h"
#include "vm/jit/recorder.h"
#include "vm/object/type_build.h"
#include "vm/types/float.h"
#include "vm/types/dict.h"
#include "vm/types/drain.h"
#include "vm/types/function.h"
#include "vm/types/iterators.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"
#include "vm/object/descriptors.h"

namespace pt::jit {

namespace {
Object* take_object(Ref<> made) { return made ? made.take().as_object() : nullptr; }
}  // namespace
Object* make_object(const Layout& layout) {
  switch (layout.kind) {
    case Layout::Kind::kInstance: return allocate_instance_of(layout.instance);
    case Layout::Kind::kCell: return take_object(cell_new(Value()));
    case Layout::Kind::kTuple: {
      if (!layout.instance) return tuple_allocate(layout.length).take();
      Object* o = allocate_instance_of(layout.instance, static_cast<size_t>(layout.length));
      if (o) static_cast<Tuple*>(o)->length = layout.length;
      return o;
    }
    case Layout::Kind::kSuper: return allocate_instance(&super_type);
    case Layout::Kind::kDict: return dict_new().take();
    case Layout::Kind::kMethod: return allocate_instance(&method_type);
    case Layout::Kind::kNativeMethod: {
      auto* d = static_cast<const MethodDescriptor*>(layout.code);
      return take_object(native_method_new(d->def, Value(), d->owner));
    }
    case Layout::Kind::kRange: return take_object(range_iterator_new(0, 1, 0));
    case Layout::Kind::kSequence: {
      Object* o = allocate_object(layout.shape, sizeof(ListIterator), true);
      if (!o) raise_no_memory();
      return o;
    }
    case Layout::Kind::kFunction: {
      auto* code = static_cast<Code*>(const_cast<void*>(layout.code));
      return take_object(function_new(code, static_cast<Dict*>(const_cast<void*>(layout.globals)), nullptr));
    }
  }
}

bool object_template(const Layout& layout, ObjectTemplate* out) {
  size_t bytes = 0;
  bool tracked = true;
  switch (layout.kind) {
    case Layout::Kind::kInstance:
    case Layout::Kind::kTuple:
      if (layout.instance) {
        bytes = instance_bytes(layout.instance, static_cast<size_t>(layout.length));
        tracked = layout.instance->type->layout.tracked;
      } else {
        bytes = sizeof(Tuple) + static_cast<size_t>(layout.length) * sizeof(Field);
      }
      break;
    case Layout::Kind::kCell: bytes = sizeof(Cell); break;
    case Layout::Kind::kSuper:
    case Layout::Kind::kMethod: bytes = (layout.kind == Layout::Kind::kSuper ? super_type : method_type).slots_end; break;
    case Layout::Kind::kRange:
      bytes = sizeof(RangeIterator);
      tracked = false;
      break;
    case Layout::Kind::kSequence: bytes = sizeof(ListIterator); break;
    case Layout::Kind::kFunction:
    case Layout::Kind::kNativeMethod:
    case Layout::Kind::kDict: return false;
  }
  if (bytes > kFineLimit) return false;
  *out = {layout.shape | (tracked ? uint64_t{kGcTracked} << 56 : 0), size_class_of(bytes)};
  return true;
}

Ref<> exit_value(const ExitValue& v, const State& state, const std::vector<Ref<>>& objects) {
  if (v.object >= 0) return Ref<>::retain(objects[static_cast<size_t>(v.object)].value());
  uint64_t bits = exit_word(v, state);
  if (v.type == Type::F) return float_from_double(std::bit_cast<double>(bits));
  return Ref<>::retain(Value::from_bits(bits));
}

std::vector<Ref<>> make_objects(const Exit& exit, const State& state, bool* ok) {
  std::vector<Ref<>> made;
  for (const ExitObject& o : exit.objects) {
    Object* object = *ok ? make_object(*o.layout) : nullptr;
    *ok = object;
    made.push_back(object ? Ref<>::steal(Value::object(object)) : Ref<>());
  }
  if (!*ok) return made;
  for (size_t i = 0; i < made.size(); ++i) {
    Object* object = made[i].value().as_object();
    const auto* keys = static_cast<const Tuple*>(exit.objects[i].layout->keys);
    for (const ExitValue& f : exit.objects[i].fields) {
      if (exit.objects[i].layout->is_number(f.slot)) {
        int64_t number = Value::from_bits(exit_word(f, state)).as_small_int();
        std::memcpy(reinterpret_cast<char*>(object) + f.slot, &number, sizeof number);
        continue;
      }
      Ref<> value = exit_value(f, state, made);
      if (!value && f.type == Type::F) *ok = false;
      if (keys) {
        *ok = *ok && dict_set_str(static_cast<Dict*>(object), as_str(keys->at(f.slot / 8)), value.value());
        continue;
      }
      reinterpret_cast<Field*>(reinterpret_cast<char*>(object) + f.slot)->init(std::move(value));
    }
    object->shape_id.store(exit.objects[i].shape, std::memory_order_release);
  }
  return made;
}

// ---- what is known of them ---------------------------------------------------------------------------------------------

Reference Builder::virtual_object(const Layout& layout) {
  size_t number = 0;
  while (number < ir_.layouts.size() && *ir_.layouts[number] != layout) ++number;
  if (number == ir_.layouts.size()) ir_.layouts.push_back(std::make_unique<Layout>(layout));
  ir_.code.push_back({Op::kVirtual, Type::O, kNoReference, kNoReference, static_cast<int64_t>(number), -1, -1, 0});
  objects_.push_back({ir_.size() - 1, layout.shape, {}});
  return ir_.size() - 1;
}
VirtualState& Builder::state(Reference object) {
  for (VirtualState& o : objects_) {
    if (o.object == object) return o;
  }
  // Forgotten: nothing but a mistake leads here, and the snapshot without a state is found by the validator.
  failed_ = true;
  objects_.push_back({object, 0, {}});
  return objects_.back();
}
void Builder::set_field(Reference object, int64_t offset, Reference value) {
  if (ir_.at(value).op == Op::kBoxFloat) value = ir_.at(value).a;
  // Under its newest name: by that its register is found.
  for (const auto& [from, to] : refined_) {
    if (value == from) value = to;
  }
  VirtualState& o = state(object);
  for (FieldValue& f : o.fields) {
    if (f.offset != offset) continue;
    f = {offset, value};
    return;
  }
  o.fields.push_back({offset, value});
}
bool Builder::leads_to(Reference from, Reference object) const {
  if (from == object) return true;
  if (!is_virtual(from)) return false;
  for (const FieldValue& f : state_of(from).fields) {
    if (leads_to(f.value, object)) return true;
  }
  return false;
}
Reference Builder::holder_of(Reference value) const {
  for (const VirtualState& o : objects_) {
    for (const FieldValue& f : o.fields) {
      if (f.value == value) return o.object;
    }
  }
  return kNoReference;
}
void Builder::refined(Reference from, Reference to) {
  refine_fields(from, to);
  refined_.push_back({from, to});
}
void Builder::refine_fields(Reference from, Reference to) {
  for (VirtualState& o : objects_) {
    for (FieldValue& f : o.fields) {
      if (f.value == from) f.value = to;
    }
  }
}
void Builder::made(Reference object, Reference real) {
  forget(object);
  refine_fields(object, real);
  made_.push_back({object, real});
}
Reference Builder::resolve(Reference r) const {
  if (!is_virtual(r)) return r;
  for (const Made& m : made_) {
    if (m.object == r) return m.real;
  }
  return r;
}
void Builder::drop_since(const Mark& mark) {
  ir_.code.resize(mark.code);
  objects_ = mark.objects;
  made_.resize(mark.made);
  std::erase_if(refined_, [&](const auto& r) { return r.second >= static_cast<Reference>(mark.code); });
  failed_ = false;
}
void Builder::collect(Snapshot* out) const {
  std::vector<Reference> found;
  auto note = [&](Reference r) {
    if (!is_virtual(r)) return;
    for (Reference f : found) {
      if (f == r) return;
    }
    found.push_back(r);
  };
  out->each_value(note);
  for (size_t i = 0; i < found.size(); ++i) {
    for (const VirtualState& o : objects_) {
      if (o.object != found[i]) continue;
      out->objects.push_back(o);
      for (const FieldValue& f : o.fields) note(f.value);
    }
  }
}

Reference Builder::emit_virtual(Op op, Reference a, Reference b, int64_t imm, int32_t snapshot) {
  if (op == Op::kGuardIs || op == Op::kGuardIsNot) {
    if ((a == b) != (op == Op::kGuardIs)) failed_ = true;
    return kNoReference;
  }
  auto gets_out = [&] {
    failed_ = true;
    return a;
  };
  if (!is_virtual(a)) return gets_out();
  const Layout& layout = layout_of(a);
  auto content = [&]() -> Reference {
    if (layout.kind == Layout::Kind::kTuple && imm == static_cast<int64_t>(offsetof(Tuple, length))) {
      return constant(static_cast<uint64_t>(layout.length), Type::P);
    }
    if (layout.kind == Layout::Kind::kFunction) {
      if (imm == static_cast<int64_t>(offsetof(Function, code_field)))
        return constant(reinterpret_cast<uint64_t>(layout.code), Type::W);
      if (imm == static_cast<int64_t>(offsetof(Function, globals_field)))
        return constant(reinterpret_cast<uint64_t>(layout.globals), Type::P);
    }
    if (layout.kind == Layout::Kind::kNativeMethod && imm == offsetof(NativeFunctionObject, def))
      return constant(reinterpret_cast<uint64_t>(static_cast<const MethodDescriptor*>(layout.code)->def), Type::P);
    for (const FieldValue& f : state_of(a).fields) {
      if (f.offset == imm) return f.value;
    }
    return kNoReference;
  };
  switch (op) {
    case Op::kGuardShape:
      if (state_of(a).shape != static_cast<uint32_t>(imm)) failed_ = true;
      return a;
    case Op::kCheckShape:
      if (state_of(a).shape != static_cast<uint32_t>(imm)) failed_ = true;
      return kNoReference;
    // Nobody else has it.
    case Op::kGuardBound:
    case Op::kGuardExclusive:
    case Op::kHold:
    case Op::kGuardOwnGenerator:
    case Op::kGuardUnshared: return kNoReference;
    case Op::kLoadField:
    case Op::kLoadItem:
    case Op::kLoadFact:
    case Op::kLoadPosition:
    case Op::kLoadImmutable: {
      Reference v = content();
      return v >= 0 ? v : gets_out();
    }
    case Op::kLoadOwned:
    case Op::kLoadHeld:
    case Op::kLoadBorrowed: {
      Reference v = content();
      if (v < 0 || is_virtual(v)) return gets_out();
      if (ir_.at(v).type == Type::F) return gets_out();
      return op == Op::kLoadBorrowed ? v : emit(Op::kOwn, v, kNoReference, 0, snapshot);
    }
    case Op::kInitField:
    case Op::kStoreLocked:
    case Op::kStoreCell:
    case Op::kStoreAlone:
    case Op::kStorePosition: set_field(a, imm, b); return kNoReference;
    case Op::kSetShape: state(a).shape = static_cast<uint32_t>(imm); return kNoReference;
    default: return gets_out();
  }
}

// ---- while recording ---------------------------------------------------------------------------------------------------

bool Recorder::is_local(int32_t at) const {
  const Call* frame = &base_;
  for (const Call& c : calls_) {
    if (c.window <= at) frame = &c;
  }
  return at >= frame->window && at < frame->window + static_cast<int32_t>(frame->code->local_end);
}
// Register `at` keeps what it holds alive, until clear() or set_owned(). A local variable does, a temporary may be past
// its use.
bool Recorder::owns(int32_t at) const {
  const Slot& s = slots_[static_cast<size_t>(at + kSlotBias)];
  if (s.lazy || !s.pointer || s.value == kNoReference) return false;
  return s.owned || is_local(at);
}
// The register that keeps the value alive, other than `except`; kNoOwner: none.
int32_t Recorder::owner_of(Reference value, int32_t except) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    int32_t where = static_cast<int32_t>(i) - kSlotBias;
    if (where != except && slots_[i].value == value && owns(where)) return where;
  }
  return kNoOwner;
}
// Register `at` is about to lose what it holds. Virtual objects that rely on its reference are made, with one of their own.
void Recorder::leave_owner(int32_t where) {
  Slot s = state(where);
  if (s.lazy || !s.pointer || s.value == kNoReference || !is_pointer(s.value)) return;
  if (!left_.empty() && owner_of(s.value, where) == kNoOwner) {
    // What a traceback would show of a frame that was left.
    for (LeftFrame& l : left_) {
      for (SlotValue& v : l.locals) {
        if (v.value == s.value && !v.owned) v = {v.slot, emit(Op::kPromote, emit(Op::kOwn, v.value)), true};
      }
    }
  }
  while (true) {
    Reference holder = builder_.holder_of(s.value);
    if (holder == kNoReference || owner_of(s.value, where) != kNoOwner) return;
    bool before = std::exchange(escapes_, false);
    make_whole(holder);
    escapes_ = before;
  }
}
// Makes what the object is part of; what no register leads to any more is forgotten instead.
void Recorder::make_whole(Reference object) {
  for (Reference up = object; up != kNoReference; up = builder_.holder_of(object)) object = up;
  bool reached = object == fresh_;
  for (const Slot& s : slots_) reached |= s.lazy && s.value == object;
  for (const LeftFrame& l : left_) {
    for (const SlotValue& v : l.locals) reached |= v.value == object;
  }
  if (reached)
    make(object);
  else
    builder_.forget(object);
}
// Whether a pointer in the object, or in what it leads to, is kept alive by registers from `first` on only.
bool Recorder::relies_on(Reference object, int32_t first) const {
  for (const FieldValue& f : builder_.state_of(object).fields) {
    if (builder_.is_virtual(f.value) ? relies_on(f.value, first) : is_pointer(f.value) && owner_of(f.value, kNoOwner) >= first)
      return true;
  }
  return false;
}
// Whether a virtual object can hold the value: it needs no count, is virtual too and in no other one, or has an owner that
// leave_owner watches.
bool Recorder::can_hold(Reference value) const {
  if (builder_.is_virtual(value)) return builder_.holder_of(value) == kNoReference;
  return !is_pointer(value) || owner_of(value, kNoOwner) != kNoOwner;
}
// The operand as a field's value: numbers unboxed.
Reference Recorder::field_value(int operand) {
  Value v = seen(operand);
  if (v.is_small_int()) return as_int(read(operand));
  if (v.is_immediate_float()) return as_float(read(operand), v);
  if (is_none(v) || is_bool(v)) return known(operand);
  return read(operand);
}
// Stores the operand in a field. False: the object had to be made instead.
bool Recorder::put(Reference object, int64_t offset, int operand) {
  Reference value = field_value(operand);
  if (!can_hold(value) || builder_.leads_to(value, object)) {
    make(object);
    return false;
  }
  builder_.set_field(object, offset, value);
  return true;
}

// The object gets out: it is made, and the registers that have it own it. Where no register has it, loose_ is its owner.
Reference Recorder::make(Reference object) {
  for (const Caught& c : caught_) {
    // Whoever gets it may look at its traceback.
    if (c.exception == object && escapes_) abort(Abort::kexception);
  }
  const Layout layout = builder_.layout_of(object);
  auto number = static_cast<int64_t>(ir_.at(object).imm);
  // Whatever fails in here raises an exception in the state of this moment.
  snapshot_ = -1;
  struct Word {
    int64_t offset;
    Reference word;
    bool counted;
    bool owned = false;   // with a count that nothing else has
  };
  std::vector<Word> words;
  const VirtualState before = builder_.state_of(object);
  for (const FieldValue& f : before.fields) {
    Reference v = builder_.resolve(f.value);
    bool counted = false, owned = false;
    if (builder_.is_virtual(v)) {
      v = make(v);
      counted = owned = loose_ == v;
      if (counted) loose_ = kNoReference;
    } else if (ir_.at(v).type == Type::F) {
      v = emit(Op::kBoxAny, v);
      counted = owned = true;
    } else if (!is_pointer(v)) {
      Value constant = Value::from_bits(static_cast<uint64_t>(ir_.at(v).imm));
      counted = ir_.at(v).op != Op::kConstant || constant.empty() || !constant.is_object() || constant.as_object()->is_immortal();
    }
    words.push_back({f.offset, v, counted, owned});
  }
  const auto* keys = static_cast<const Tuple*>(layout.keys);
  Reference real = kNoReference;
  if (keys && keys->length <= kMaxArguments) {
    PT_ASSERT(words.size() == static_cast<size_t>(keys->length));
    Reference values[kMaxArguments];
    for (const Word& w : words) values[w.offset / 8] = w.word;
    real = dict_with(keys, {values, words.size()});
  }
  if (real != kNoReference) {
    for (const Word& w : words) {
      if (w.owned) emit(Op::kRelease, w.word);
    }
    words.clear();
  } else {
    real = emit(Op::kNewObject, kNoReference, kNoReference, number);
  }
  if (keys && !words.empty()) {
    for (const Word& w : words) {
      const Reference entry[] = {real, object_constant(keys->at(w.offset / 8)), w.word};
      store_arguments(entry);
      emit(Op::kSetItemAny);
      if (w.owned) emit(Op::kRelease, w.word);
    }
    words.clear();
  }
  if (layout.kind == Layout::Kind::kTuple)
    emit(Op::kStorePosition, real, builder_.small_int(layout.length), static_cast<int64_t>(offsetof(Tuple, length)));
  for (const Word& w : words) {
    Op init = layout.is_number(w.offset) ? Op::kStorePosition : w.counted ? Op::kInitField : Op::kInitAny;
    emit(init, real, w.word, w.offset);
  }
  if (before.shape != layout.shape) emit(Op::kSetShape, real, kNoReference, before.shape);
  builder_.made(object, real);
  bool placed = false;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].lazy || slots_[i].value != object) continue;
    Reference word = placed ? emit(Op::kOwn, real) : real;
    set_owned(static_cast<int32_t>(i) - kSlotBias, word, real);
    placed = true;
  }
  for (Caught& c : caught_) {
    if (c.exception == object) c.exception = real;
  }
  for (LeftFrame& l : left_) {
    for (SlotValue& v : l.locals) {
      if (v.value != object) continue;
      v = {v.slot, placed ? emit(Op::kOwn, real) : real, true};
      placed = true;
    }
  }
  if (!placed) loose_ = real;
  snapshot_ = -1;
  return real;
}
// In the next round the registers of this one change; an object must not rely on one of those.
void Recorder::settle() {
  auto changes = [&](int32_t slot) {
    for (const Instruction& in : ir_.code) {
      if (writes_register(in.op) && in.imm == slot) return true;
    }
    return false;
  };
  const Snapshot last = end();
  for (const VirtualState& o : last.objects) {
    for (const FieldValue& f : o.fields) {
      Reference object = builder_.resolve(o.object);
      if (builder_.is_virtual(object) && is_pointer(f.value) && (f.owner == kNoOwner || changes(f.owner))) make_whole(object);
    }
  }
}
// Memory is to hold all there is.
void Recorder::make_all() {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].lazy && builder_.is_virtual(slots_[i].value)) make(slots_[i].value);
  }
  builder_.forget_objects();
}

bool Recorder::make_cell(uint64_t word) {
  Reference content = kNoReference;
  if (!seen(PT_A).empty()) {
    content = field_value(PT_A);
    if (!can_hold(content)) return fall_back();
  }
  Reference cell = builder_.virtual_object({.kind = Layout::Kind::kCell, .shape = kShape_cell});
  if (content != kNoReference) builder_.set_field(cell, offsetof(Cell, content), content);
  fresh_ = cell;
  set_lazy(at(PT_A), cell);
  go(1);
  return true;
}

// A nested function: those come and go.
bool Recorder::make_function(uint64_t word) {
  Value code = constants_[-1 - static_cast<int64_t>(load_word(pc_ + 1))];
  Dict* globals = thread_->record->globals;
  if (PT_C == 0) {
    if (Function* shared = comprehension_function(as_code(code), globals)) {
      set_lazy(at(PT_A), object_constant(Value::object(shared)));
      go(2);
      return true;
    }
  }
  if (!(as_code(code)->flags & kCodeFlagNested)) return fall_back();
  // By the bits of what it is given.
  static constexpr int64_t kFields[] = {offsetof(Function, defaults), offsetof(Function, keyword_defaults),
                                        offsetof(Function, annotations), offsetof(Function, closure)};
  int32_t parts = std::popcount(static_cast<uint32_t>(PT_C));
  for (int32_t i = 0; i < parts; ++i) {
    if (!can_hold(slot(at(PT_B) + i))) return fall_back();
    for (int32_t k = 0; k < i; ++k) {
      if (builder_.is_virtual(slot(at(PT_B) + i)) && slot(at(PT_B) + i) == slot(at(PT_B) + k)) return fall_back();
    }
  }
  keep(code);
  keep(Value::object(globals));
  Reference function = builder_.virtual_object(
      {.kind = Layout::Kind::kFunction, .shape = kShape_function, .code = as_code(code), .globals = globals});
  int32_t from = at(PT_B);
  for (int k = 0; k < 4; ++k) {
    if (PT_C >> k & 1) builder_.set_field(function, kFields[k], slot(from++));
  }
  fresh_ = function;
  for (int32_t i = 0; i < parts; ++i) {
    if (at(PT_B) + i != at(PT_A)) clear(at(PT_B) + i);
  }
  // It may have been made meanwhile.
  set_lazy(at(PT_A), function);
  go(2);
  return true;
}

Reference Recorder::virtual_instance(const pt::Type* type) {
  Shape* shape = type->instance_shape.load(std::memory_order_acquire);
  return builder_.virtual_object({.kind = Layout::Kind::kInstance, .shape = shape_id_of(shape), .instance = shape});
}
Reference Recorder::virtual_method(Value function, Reference self) {
  Reference method = builder_.virtual_object({.kind = Layout::Kind::kMethod, .shape = kShape_method});
  builder_.set_field(method, offsetof(BoundMethod, function), object_constant(function));
  builder_.set_field(method, offsetof(BoundMethod, self), self);
  return method;
}
Reference Recorder::virtual_native_method(const MethodDescriptor* method, Reference self) {
  Reference made =
      builder_.virtual_object({.kind = Layout::Kind::kNativeMethod, .shape = kShape_native_function, .code = method});
  builder_.set_field(made, offsetof(NativeFunctionObject, self), self);
  return made;
}
// The keys of a virtual dict; nullptr: it is another object, or empty.
const Tuple* Recorder::virtual_keys(Reference r) const {
  return builder_.is_virtual(r) ? static_cast<const Tuple*>(builder_.layout_of(r).keys) : nullptr;
}
// Of the registers from `first` on, not yet consumed. kNoReference, and nothing has happened: it cannot hold one of them.
Reference Recorder::virtual_tuple(int32_t first, uint32_t count) {
  auto end = first + static_cast<int32_t>(count);
  if (count > kMaxArguments) return kNoReference;
  for (int32_t i = first; i < end; ++i) {
    if (!can_hold(slot(i))) return kNoReference;
  }
  if (count == 0) return object_constant(Value::object(empty_tuple()));
  Reference tuple = builder_.virtual_object({.kind = Layout::Kind::kTuple, .shape = kShape_tuple, .length = count});
  for (int32_t i = first; i < end; ++i) {
    // The same virtual object once more: it is made.
    Reference item = slot(i);
    builder_.set_field(tuple, static_cast<int64_t>(offsetof(Tuple, items)) + (i - first) * 8, can_hold(item) ? item : make(item));
  }
  return tuple;
}
// False, and nothing has happened: it has an item that a virtual tuple cannot hold.
bool Recorder::build_virtual_tuple(uint64_t word) {
  auto count = static_cast<uint32_t>(PT_C);
  int32_t first = at(PT_B);
  if (count == 0) return false;
  Reference tuple = virtual_tuple(first, count);
  if (tuple == kNoReference) return false;
  fresh_ = tuple;
  consume_window(first, count, at(PT_A));
  set_lazy(at(PT_A), tuple);
  go(1);
  return true;
}

}  // namespace pt::jit
