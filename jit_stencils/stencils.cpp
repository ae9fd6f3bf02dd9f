// The stencils: each operation of ops.def instantiated for the registers and places its operands may have. Holes are
// addresses of undefined symbols. Compiled apart from the runtime; stencil_gen reads the object file.
#include <bit>
#include <utility>

#include "gc/heap/block.h"
#include "jit_stencils/arithmetic.h"
#include "jit_stencils/body.h"
#include "vm/types/bytes.h"
#include "vm/types/dict.h"
#include "vm/types/dict_inl.h"
#include "vm/types/exception.h"
#include "vm/types/function.h"
#include "vm/types/generator.h"
#include "vm/types/iterators.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/str.h"

namespace pt::jit {
namespace {

PT_INLINE uint64_t& slot(char* frame) { return at<uint64_t>(reinterpret_cast<uint64_t>(frame) + hole0()); }
PT_BODY(LoadFrame) {
  x.r[A] = slot(frame);
  return true;
}
PT_BODY(LoadFrameInt) {
  x.r[A] = slot(frame);
  return true;
}
PT_BODY(StoreFrameConstant) {
  slot(frame) = hole1();
  return true;
}
PT_BODY(StoreFrame) {
  slot(frame) = x.r[A];
  return true;
}
// Gives one of several counts of an own object back. False: the helper does it.
PT_INLINE bool give_back(State* s, uint64_t old) {
  if (!is_counted(old)) return true;
  Object& o = at<Object>(old);
  s->word = old;
  if (!is_own(s, o)) return false;
  if (o.local.load(std::memory_order_relaxed) == 1) return false;
  decrement(o.local);
  return true;
}
PT_BODY(WriteFrame) {
  uint64_t old = slot(frame);
  slot(frame) = x.r[A];
  return give_back(s, old);
}
PT_BODY(ClearFrame) {
  uint64_t old = slot(frame);
  slot(frame) = 0;
  return give_back(s, old);
}
PT_BODY(DropFrame) {
  uint64_t old = slot(frame);
  if (is_counted(old)) {
    Object& o = at<Object>(old);
    if (!is_own(s, o) || o.local.load(std::memory_order_relaxed) == 1) return false;
    decrement(o.local);
  }
  slot(frame) = 0;
  return true;
}
PT_BODY(Release) { return give_back(s, x.r[A]); }
PT_BODY(Promote) {
  s->word = x.r[A];
  return !is_pointer(x.r[A]) || is_counted(x.r[A]);
}
PT_BODY(ShowExceptions) { return false; }
PT_BODY(GuardNothingHandled) { return s->thread->handled.empty(); }
PT_BODY(TakePending) {
  Value pending = s->thread->pending;
  const auto& e = at<BaseException>(pending.bits());
  if (e.shape_id.load(std::memory_order_relaxed) != hole0() || !e.traceback.peek().empty() || !is_own(s, e) ||
      e.local.load(std::memory_order_relaxed) != 1 || e.shared.load(std::memory_order_relaxed) != 0) {
    return false;
  }
  s->thread->pending = Value();
  x.r[A] = pending.bits();
  return true;
}
// A counted or, for objects that need no count, borrowed copy. False: the helper does it.
PT_INLINE bool own(State* s, uint64_t& bits) {
  if (!is_pointer(bits)) return true;
  uint64_t pointer = bits & ~Value::kBorrowedBit;
  Object& o = at<Object>(pointer);
  if (__builtin_expect(is_own(s, o), 1)) {
    increment(o.local);
    bits = pointer;
    return true;
  }
  if (o.local.load(std::memory_order_acquire) == kLocalImmortal || (o.gc_bits.load(std::memory_order_acquire) & kGcDeferred)) {
    bits = pointer | Value::kBorrowedBit;
    return true;
  }
  return false;
}
PT_BODY(Own) {
  uint64_t bits = x.r[A];
  s->word = bits;
  if (!own(s, bits)) return false;
  x.r[A] = bits;
  return true;
}
PT_BODY(Borrow) {
  if (is_pointer(x.r[A])) x.r[A] |= Value::kBorrowedBit;
  return true;
}
PT_BODY(BorrowObject) {
  x.r[A] |= Value::kBorrowedBit;
  return true;
}
PT_INLINE const GlobalReference& global() {
  return *reinterpret_cast<const GlobalReference*>(__atomic_load_n(&at<uint64_t>(hole0()), __ATOMIC_ACQUIRE));
}
PT_BODY(GuardTable) {
  const GlobalReference& g = global();
  const DictTable* t = static_cast<const Dict*>(g.dict)->table.load(std::memory_order_acquire);
  return t->version.load(std::memory_order_relaxed) == g.version && t->entry_count.load(std::memory_order_acquire) == g.entries;
}
PT_BODY(GlobalAddress) {
  const GlobalReference& g = global();
  const DictTable* t = static_cast<const Dict*>(g.dict)->table.load(std::memory_order_acquire);
  if (t->version.load(std::memory_order_relaxed) != g.version) return false;
  x.r[A] = reinterpret_cast<uint64_t>(t) + static_cast<uint64_t>(g.offset);
  return true;
}
PT_BODY(GuardInt) { return value(x.r[A]).is_small_int(); }
// Value::as_immediate_float and Value::immediate_float in fewer instructions. Rotated, the top three bits of an exponent that
// fits (011 or 100) become the low two bits and bit 63: those summed are the tag, 2, as with no other exponent.
PT_INLINE int64_t untag_float(uint64_t word) {
  int64_t untagged;  // a multiple of 4; the least number of all where it is zero's word
  asm("leaq -2(%1), %0" : "=r"(untagged) : "r"(word));
  static_assert(Value::kZeroFloatBits == (uint64_t{1} << 63) + 2);
  return untagged;
}
PT_INLINE bool is_least(int64_t i) { return __builtin_sub_overflow(i, int64_t{1}, &i); }
PT_INLINE bool unbox(uint64_t word, double* out) {
  int64_t untagged = untag_float(word);
  if (untagged & 3) return false;
  double d = 0.0;
  asm("" : "+x"(d));  // set first, so that the usual path falls through
  if (!is_least(untagged)) {
    asm("btq $63, %0\n\tsbbq $0, %0\n\trolq $61, %0" : "+r"(word) : : "cc");
    d = std::bit_cast<double>(word);
  }
  *out = d;
  return true;
}
PT_BODY(GuardFloat) { return unbox(word_b<B>(s, x), &x.f[A]); }
PT_INLINE bool box(double d, uint64_t* out) {
  auto word = std::bit_cast<uint64_t>(d);
  asm("rolq $3, %0\n\tbtq $63, %0\n\tadcq $0, %0" : "+r"(word) : : "cc");
  int64_t untagged = untag_float(word);
  if (__builtin_expect((untagged & 3) != 0, 0)) {
    if (std::bit_cast<uint64_t>(d)) return false;
    *out = Value::kZeroFloatBits;
    return true;
  }
  asm volatile("");
  *out = word;
  return !is_least(untagged);
}
PT_BODY(BoxFloat) { return box(float_b<B>(s, x), &x.r[A]); }
PT_BODY(BoxAny) {
  s->word = std::bit_cast<uint64_t>(float_b<B>(s, x));
  return box(float_b<B>(s, x), &x.r[A]);
}
PT_BODY(IntToFloat) {
  x.f[A] = static_cast<double>(value(word_b<B>(s, x)).as_small_int());
  return true;
}
PT_BODY(GuardShape) {
  uint64_t bits = x.r[A];
  uint64_t pointer = bits & ~Value::kBorrowedBit;
  if ((bits & 3) != 0 || pointer == 0) return false;
  if (!equals_hole<0>(&at<Object>(pointer).shape_id)) return false;
  x.r[A] = pointer;
  return true;
}
// No look at the object yet.
PT_INLINE bool untag_pointer(uint64_t& word) {
  if (!is_pointer(word)) return false;
  word &= ~uint64_t{Value::kBorrowedBit};
  return true;
}
PT_BODY(Untag) {
  x.r[A] &= ~Value::kBorrowedBit;
  return true;
}
PT_BODY(CheckShape) { return equals_hole<0>(&at<Object>(x.r[A]).shape_id); }
PT_BODY(GuardIs) { return value(x.r[A]).same(value(word_b<B>(s, x))); }
PT_BODY(GuardIsNot) { return !value(x.r[A]).same(value(word_b<B>(s, x))); }
// The other operand: an object, with the borrowed bit.
PT_BODY(GuardIsObject) { return (x.r[A] | Value::kBorrowedBit) == word_b<B>(s, x); }
PT_BODY(GuardIsNotObject) { return (x.r[A] | Value::kBorrowedBit) != word_b<B>(s, x); }
PT_BODY(GuardBound) { return x.r[A] != 0; }
PT_BODY(GuardEqual) { return x.r[A] == word_b<B>(s, x); }
PT_BODY(GuardDistinct) { return x.r[A] != word_b<B>(s, x); }
// A 32-bit cell in memory (an attribute node's shape) holds what was seen.
PT_BODY(GuardCell) { return equals_hole<0>(&at<uint32_t>(x.r[A])); }
PT_BODY(GuardUnshared) {
  const Object& o = at<Object>(x.r[A]);
  static_assert(offsetof(Object, shared) == offsetof(Object, local) + 4 && sizeof(Object::shared) == 4);
  return is_own(s, o) && at<uint64_t>(reinterpret_cast<uint64_t>(&o.local)) == 1;
}
PT_BODY(GuardOwnGenerator) {
  const Generator& g = at<Generator>(x.r[A]);
  return is_own(s, g) && g.local.load(std::memory_order_relaxed) == uint32_t{g.lent} + 1 &&
         g.shared.load(std::memory_order_relaxed) == 0;
}
PT_BODY(TypeOf) {
  uint64_t bits = x.r[A];
  if (!is_pointer(bits)) return false;
  x.r[A] = reinterpret_cast<uint64_t>(at<Object>(bits & ~Value::kBorrowedBit).shape()->type) | Value::kBorrowedBit;
  return true;
}
PT_BODY(Identity) {
  uint64_t id = value(x.r[A]).identity();
  if (id > static_cast<uint64_t>(Value::kMaxSmallInt)) return false;
  x.r[A] = id << 1 | 1;
  return true;
}
PT_BODY(TagWord) { return tag_small_int(static_cast<int64_t>(x.r[A]), &x.r[A]); }
PT_BODY(GuardIndex) { return static_cast<uint64_t>(value(x.r[A]).as_small_int()) < word_b<B>(s, x); }
PT_BODY(ItemAddress) {
  x.r[A] = x.r[A] + (word_b<B>(s, x) - 1) * 4;
  return true;
}
PT_BODY(LoadImmutable) {
  x.r[A] = at<uint64_t>(x.r[A] + hole0());
  return true;
}
PT_BODY(LoadWord) {
  x.r[A] = at<uint64_t>(x.r[A] + hole0());
  return true;
}
PT_BODY(LoadOverflow) {
  x.r[A] = at<uint64_t>(x.r[A] + hole0());
  return x.r[A] & 1;
}
PT_BODY(LoadPosition) { return tag_small_int(at<int64_t>(x.r[A] + hole0()), &x.r[A]); }
PT_BODY(StorePosition) {
  at<int64_t>(x.r[A] + hole0()) = value(word_b<B>(s, x)).as_small_int();
  return true;
}
PT_BODY(NextEntry) {
  auto& it = at<DictIterator>(x.r[A]);
  uint64_t dict = at<uint64_t>(x.r[A] + offsetof(DictIterator, dict));
  if (dict == 0 || it.remaining <= 0) return false;
  const Dict& d = at<Dict>(dict);
  DictTable* t = d.table.load(std::memory_order_relaxed);
  int64_t i = it.position.load(std::memory_order_relaxed);
  if (it.expected != d.used.load(std::memory_order_relaxed) || i >= t->entry_count.load(std::memory_order_relaxed)) return false;
  DictEntry* e = t->entries() + i;
  if (e->value.peek().empty()) return false;
  x.r[A] = reinterpret_cast<uint64_t>(e);
  return true;
}
PT_BODY(PassEntry) {
  auto& it = at<DictIterator>(x.r[A]);
  it.position.store(it.position.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  --it.remaining;
  return true;
}
PT_BODY(NextOwnEntry) {
  s->object = x.r[A];
  return false;
}
PT_BODY(TakeArgument) {
  x.r[A] = s->arguments[hole0()];
  return true;
}
PT_BODY(NextSlot) {
  auto& it = at<SetIterator>(x.r[A]);
  uint64_t set = at<uint64_t>(x.r[A] + offsetof(SetIterator, set));
  if (set == 0 || it.remaining <= 0 || it.expected != at<Set>(set).used.load(std::memory_order_relaxed)) return false;
  const SetTable* t = at<Set>(set).table.load(std::memory_order_relaxed);
  auto i = static_cast<uint64_t>(it.position.load(std::memory_order_relaxed));
  for (; i <= t->mask; ++i) {
    const SetEntry& e = t->entries[i];
    if (e.key.peek().empty() || e.hash.load(std::memory_order_relaxed) == kRemovedHash) continue;
    x.r[A] = reinterpret_cast<uint64_t>(&e);
    return true;
  }
  return false;
}
PT_BODY(PassSlot) {
  auto& it = at<SetIterator>(x.r[A]);
  const SetTable* t = at<Set>(at<uint64_t>(x.r[A] + offsetof(SetIterator, set))).table.load(std::memory_order_relaxed);
  uint64_t from = reinterpret_cast<uint64_t>(t->entries);
  it.position.store(static_cast<int64_t>((word_b<B>(s, x) - from) / sizeof(SetEntry)) + 1, std::memory_order_relaxed);
  --it.remaining;
  return true;
}
PT_BODY(LoadItem) {
  uint64_t bits = at<uint64_t>(x.r[A] + hole0());
  if (bits == 0) return false;
  x.r[A] = bits;
  return true;
}
PT_BODY(LoadFloat) { return unbox(at<uint64_t>(word_b<B>(s, x) + hole0()), &x.f[A]); }
PT_BODY(LoadField) {
  uint64_t bits = at<uint64_t>(x.r[A] + hole0());
  if (bits == 0) return false;
  x.r[A] = bits;
  return true;
}
// A slot whose changes are announced (vm/jit/facts.h): need not be read again in every round.
PT_BODY(LoadFact) {
  uint64_t bits = at<uint64_t>(x.r[A] + hole0());
  if (bits == 0) return false;
  x.r[A] = bits;
  return true;
}
PT_BODY(GuardFact) { return at<uint64_t>(x.r[A] + hole0()) == word_b<B>(s, x); }
// A counted copy of what a heap slot holds; the slot is read again, as another thread may have emptied it meanwhile.
PT_BODY(LoadOwned) {
  uint64_t address = x.r[A] + hole0();
  uint64_t seen = __atomic_load_n(&at<uint64_t>(address), __ATOMIC_ACQUIRE);
  uint64_t bits = seen;
  if (__builtin_expect(seen == 0 || !own(s, bits), 0)) {
    s->word = address;
    s->value = 0;
    return false;
  }
  if (__builtin_expect(__atomic_load_n(&at<uint64_t>(address), __ATOMIC_ACQUIRE) != seen, 0)) {
    s->word = address;
    s->value = bits;  // the helper gives the count back
    return false;
  }
  x.r[A] = bits;
  return true;
}
PT_BODY(LoadBorrowed) {
  uint64_t bits = __atomic_load_n(&at<uint64_t>(x.r[A] + hole0()), __ATOMIC_ACQUIRE);
  if (bits == 0) return false;
  if (is_pointer(bits)) {
    const Object& o = at<Object>(bits & ~uint64_t{Value::kBorrowedBit});
    if (__builtin_expect(!is_own(s, o), 0) && !lives_on(&o)) return false;
  }
  x.r[A] = bits;
  return true;
}
PT_BODY(LoadShape) {
  uint64_t bits = __atomic_load_n(&at<uint64_t>(x.r[A] + hole0()), __ATOMIC_ACQUIRE);
  if (!is_pointer(bits)) return false;
  const Object& o = at<Object>(bits);
  if (!equals_hole<1>(&o.shape_id) || !is_own(s, o)) return false;
  x.r[A] = bits;
  return true;
}
// Nobody does.
PT_BODY(LoadHeld) {
  uint64_t address = x.r[A] + hole0(), bits = at<uint64_t>(address);
  if (__builtin_expect(bits == 0 || !own(s, bits), 0)) {
    s->word = address;
    s->value = 0;
    return false;
  }
  x.r[A] = bits;
  return true;
}
// allocate_object_inline.
PT_BODY(Allocate) {
  if (!PT_INLINE_HEAP) return false;
  HeapLocal* heap = s->heap;
  Block* block = at<Block*>(reinterpret_cast<uint64_t>(heap) + hole1());
  FreeSlot* slot = block->free;
  uint64_t header = at<uint64_t>(hole0());
  if (__builtin_expect(!slot, 0)) return false;
  if (header >> 56 & kGcTracked) {
    if (__builtin_expect(heap->tracked_net + 1 >= kTrackedBatch, 0)) return false;
    ++heap->tracked_net;
  }
  block->free = slot->link;
  auto object = reinterpret_cast<uint64_t>(slot), end = object + block->slot_bytes;
  __atomic_store_n(&at<uint64_t>(object), header | s->owner_id << 32, __ATOMIC_RELAXED);
  __atomic_store_n(&at<uint64_t>(object + 8), uint64_t{1}, __ATOMIC_RELAXED);
  for (uint64_t unit = object + sizeof(Object); unit != end; unit += 16) __builtin_memset(&at<char>(unit), 0, 16);
  x.r[A] = object;
  return true;
}
// Whether the slot goes to its block's free list with no more ado.
PT_INLINE bool is_freed_simply(const State* s, const Object& o) {
  const Block* block = block_of(&o);
  return PT_INLINE_HEAP && block->heap.load(std::memory_order_relaxed) == s->heap && block->countdown != 1;
}
PT_INLINE void free_simply(Object& o) {
  o.local.store(0, std::memory_order_relaxed);
  o.gc_bits.store(kGcDead | o.gc_bits.load(std::memory_order_relaxed), std::memory_order_relaxed);
  Block* block = block_of(&o);
  auto* slot = reinterpret_cast<FreeSlot*>(&o);
  slot->link = block->free;
  block->free = slot;
  --block->countdown;
}
PT_BODY(FreeRange) {
  uint64_t old = slot(frame);
  slot(frame) = 0;
  s->word = old;
  if (!is_freed_simply(s, at<Object>(old))) return false;
  free_simply(at<Object>(old));
  return true;
}
PT_BODY(FreeIterator) {
  static_assert(offsetof(ListIterator, list) == offsetof(TupleIterator, tuple));
  static_assert(offsetof(ListIterator, list) == offsetof(StrIterator, text));
  uint64_t old = slot(frame), whole = at<uint64_t>(old + offsetof(ListIterator, list));
  slot(frame) = 0;
  s->word = old;
  if (!is_freed_simply(s, at<Object>(old)) || s->heap->tracked_net - 1 <= -kTrackedBatch) return false;
  if (!is_counted(whole)) return false;
  Object& o = at<Object>(whole);
  uint32_t local = o.local.load(std::memory_order_acquire);
  if (local != kLocalImmortal) {
    if (!is_own(s, o) || local == 1) return false;
    decrement(o.local);
  }
  s->heap->tracked_net -= static_cast<int32_t>(s->free_weight);
  free_simply(at<Object>(old));
  return true;
}
// What needs no count: immediates, and objects that live for ever.
PT_INLINE bool is_uncounted(uint64_t bits) {
  if ((bits & 3) != 0) return true;
  return bits != 0 && at<Object>(bits).local.load(std::memory_order_acquire) == kLocalImmortal;
}
// Uncounted over uncounted.
PT_BODY(StoreAlone) {
  uint64_t& field = at<uint64_t>(x.r[A] + hole0());
  if (!is_uncounted(field)) return false;
  __atomic_store_n(&field, word_b<B>(s, x), __ATOMIC_RELEASE);
  return true;
}
// Takes the lock for a store. That of an object which no other thread has seen stays taken: the next store most likely is to
// the same object, and an atomic instruction costs more than the rest of it.
enum class Got : uint8_t { kNothing, kLock, kHold };
PT_INLINE Got get_lock(State* s, Object& o) {
  if (claim(s, o, 0)) return Got::kHold;
  if (!give_up(s, kLastStore)) return Got::kNothing;
  bool keep = may_keep(s, o);
  if (!try_lock(o, keep ? kLockLocked | kLockKept : kLockLocked)) return Got::kNothing;
  if (keep) has_locked(s, kLastStore, o);
  return keep ? Got::kHold : Got::kLock;
}
// `store` with the lock; what it gives, or false without the lock.
template <class Store>
PT_INLINE bool locked(State* s, Object& o, Store store) {
  if (__builtin_expect(held_in(s, kLastStore) == &o || is_claimed(s, o, 0), 1)) return store();
  Got got = get_lock(s, o);
  if (got == Got::kNothing) return false;
  bool done = store();
  if (got == Got::kLock) unlock(o);
  return done;
}
// That at hole 0.
PT_INLINE uint64_t& held_word(State* s) { return at<uint64_t>(reinterpret_cast<uint64_t>(s->held) + hole0()); }
PT_BODY(Hold) { return held_word(s) == x.r[A]; }
// is_claimed(), with operands in memory and no register more than others use.
PT_INLINE bool hold_reserved(const State* s, const Object& o) {
  uint64_t header = header_without_flags(o);
  bool reserved;
  asm volatile("xorq %2, %1\n\tcmpq $pt_hole_1, %1" : "=@cce"(reserved), "+r"(header) : "m"(s->own_reserved));
  return __builtin_expect(reserved, 1);
}
PT_BODY(HoldReserved) { return hold_reserved(s, at<Object>(x.r[A])); }
PT_BODY(LoadShapeHold) {
  uint64_t bits = __atomic_load_n(&at<uint64_t>(x.r[A] + hole0()), __ATOMIC_ACQUIRE);
  if (!is_pointer(bits) || !hold_reserved(s, at<Object>(bits))) return false;
  x.r[A] = bits;
  return true;
}
PT_BODY(GuardShapeHold) { return untag_pointer(x.r[A]) && hold_reserved(s, at<Object>(x.r[A])); }
// The first of all in line.
PT_INLINE bool take_hold(State* s, Object& o) {
  if (__builtin_expect(s->holds != 0, 0)) return s->take_hold(s, hole0(), reinterpret_cast<uint64_t>(&o), hole1());
  if (claim(s, o, static_cast<uint32_t>(hole1()))) return true;
  if (!try_keep(s, o, static_cast<uint32_t>(hole1()))) return false;
  held_word(s) = reinterpret_cast<uint64_t>(&o);
  s->holds |= uint64_t{1} << hole0() / sizeof(uint64_t);
  return true;
}
PT_BODY(TakeHold) { return take_hold(s, at<Object>(x.r[A])); }
PT_BODY(TakeShapeHold) { return untag_pointer(x.r[A]) && take_hold(s, at<Object>(x.r[A])); }
PT_INLINE bool replace_uncounted(uint64_t& field, uint64_t bits) {
  if (!is_uncounted(field)) return false;
  __atomic_store_n(&field, bits, __ATOMIC_RELEASE);
  return true;
}
// Hole 0: the pool's word with the offset and, above, the shape that the object still has to have.
PT_BODY(StoreLocked) {
  uint64_t place = at<uint64_t>(hole0());
  Object& o = at<Object>(x.r[A]);
  uint64_t bits = word_b<B>(s, x);
  if (locked(s, o, [&]() __attribute__((always_inline)) {
        return o.shape_id.load(std::memory_order_relaxed) == place >> 32 &&
               replace_uncounted(at<uint64_t>(x.r[A] + static_cast<uint32_t>(place)), bits);
      })) {
    return true;
  }
  s->object = x.r[A];
  s->value = bits;
  return false;
}
PT_BODY(StoreCell) {
  Object& o = at<Object>(x.r[A]);
  uint64_t bits = word_b<B>(s, x);
  if (locked(s, o, [&]() __attribute__((always_inline)) { return replace_uncounted(at<uint64_t>(x.r[A] + hole0()), bits); }))
    return true;
  s->object = x.r[A];
  s->value = bits;
  return false;
}
// In the overflow array. The place: 16 bits of where the object's attributes begin, 16 of where the slot lies, the shape.
PT_BODY(StoreOverflow) {
  uint64_t place = at<uint64_t>(hole0());
  Object& o = at<Object>(x.r[A]);
  uint64_t bits = word_b<B>(s, x);
  if (locked(s, o, [&]() __attribute__((always_inline)) {
        return o.shape_id.load(std::memory_order_relaxed) == place >> 32 &&
               replace_uncounted(at<uint64_t>(at<uint64_t>(x.r[A] + (place & 0xFFFF)) + (place >> 16 & 0xFFFF)), bits);
      })) {
    return true;
  }
  s->object = x.r[A];
  s->value = bits;
  return false;
}
PT_INLINE bool replace_item(List& list, int64_t i, uint64_t bits) {
  return static_cast<uint64_t>(i) < static_cast<uint64_t>(list.size.load(std::memory_order_relaxed)) &&
         replace_uncounted(reinterpret_cast<uint64_t&>(list.buffer.load(std::memory_order_relaxed)->items[i]), bits);
}
PT_BODY(StoreItemLocked) {
  List& list = at<List>(x.r[A]);
  uint64_t index = word_b<B>(s, x);
  if (locked(s, list,
             [&]() __attribute__((always_inline)) { return replace_item(list, value(index).as_small_int(), s->arguments[0]); }))
    return true;
  s->object = x.r[A];
  s->value = index;
  return false;
}
PT_BODY(InitField) {
  __atomic_store_n(&at<uint64_t>(x.r[A] + hole0()), word_b<B>(s, x), __ATOMIC_RELEASE);
  return true;
}
PT_BODY(StoreAny) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(PowFloat) {
  s->object = std::bit_cast<uint64_t>(x.f[A]);
  s->value = std::bit_cast<uint64_t>(float_b<B>(s, x));
  return false;
}
// libm's pow() errs by at most 0.513 units in the last place, rounding included, where the result lies in 2^-64 .. 2^64, and 0.54
// elsewhere (the bounds in glibc's source). So where the exact result lies within 31/64 (7/16) of a unit from a double, that is
// what pow() gives. Otherwise the helper asks it.
PT_INLINE uint64_t mantissa(uint64_t bits) { return (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52; }
PT_BODY(RootFloat) {
  auto bits = std::bit_cast<uint64_t>(x.f[A]);
  s->object = bits;
  uint64_t exponent = bits >> 52;
  if (exponent - (1023 - 128) >= 256) return false;  // neither positive nor in reach
  double root = __builtin_sqrt(x.f[A]);
  uint64_t m = mantissa(std::bit_cast<uint64_t>(root));
  // The last bits of what the square lacks, in units of its last place; the first ones are equal (so the shift may lose them).
  uint64_t rest = (bits << (52 + (~exponent & 1))) - m * m;
  uint64_t limit = m - (m >> 5);
  if (rest + limit > 2 * limit) return false;
  x.f[A] = root;
  return true;
}
PT_BODY(SquareFloat) {
  auto bits = std::bit_cast<uint64_t>(x.f[A]);
  s->object = bits;
  uint64_t exponent = bits >> 52 & 2047;
  if (exponent - 600 >= 800) return false;  // the square is normal
  double square = x.f[A] * x.f[A];
  uint64_t m = mantissa(bits), unit = std::bit_cast<uint64_t>(square) >> 52;
  // What lies below the last place. No product is rounded up to a power of two.
  uint64_t below = m * m << (2 * exponent - unit - 1011);
  if (below + (uint64_t{1} << 60) - (uint64_t{1} << 63) < uint64_t{1} << 61) return false;
  x.f[A] = square;
  return true;
}
PT_BODY(StoreArgument) {
  at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole0()) = x.r[A];
  return true;
}
PT_BODY(CallNative) { return false; }
PT_BODY(DictGet) { return false; }
PT_BODY(CallAny) { return false; }
PT_BODY(GetIterator) {
  s->object = x.r[A];
  return false;
}
PT_BODY(NextItem) {
  s->object = x.r[A];
  return false;
}
PT_BODY(BinaryAny) { return false; }
PT_INLINE bool same_text(uint64_t x, uint64_t y) {
  if (x == y) return true;
  const Str &a = at<Str>(x), &b = at<Str>(y);
  if (a.length != b.length || a.kind != b.kind) return false;
  const uint8_t *p = a.data1(), *q = b.data1();
  for (int64_t left = a.length * a.kind; left > 0; --left) {
    if (*p++ != *q++) return false;
  }
  return true;
}
PT_BODY(GuardSameText) { return same_text(x.r[A], word_b<B>(s, x)); }
PT_BODY(GuardOtherText) { return !same_text(x.r[A], word_b<B>(s, x)); }
PT_BODY(Character) {
  const Str& text = at<Str>(x.r[A]);
  int64_t i = value(word_b<B>(s, x)).as_small_int();
  if (i < 0) i += text.length;
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(text.length) || text.kind != 1) return false;
  x.r[A] = (hole0() + uint64_t{text.data1()[i]} * kCharacterStride) | Value::kBorrowedBit;
  return true;
}
PT_BODY(Byte) {
  const Bytes& bytes = at<Bytes>(x.r[A]);
  int64_t i = value(word_b<B>(s, x)).as_small_int();
  if (i < 0) i += bytes.length;
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(bytes.length)) return false;
  x.r[A] = Value::small_int(bytes.data[i]).bits();
  return true;
}
PT_INLINE uint8_t* byte_of(const ByteArray& bytes, int64_t i) {
  int64_t length = bytes.length.load(std::memory_order_relaxed);
  if (i < 0) i += length;
  if (static_cast<uint64_t>(i) >= static_cast<uint64_t>(length)) return nullptr;
  return bytes.buffer.load(std::memory_order_relaxed)->data + bytes.start.load(std::memory_order_relaxed) + i;
}
PT_BODY(ByteArrayItem) {
  const uint8_t* byte = byte_of(at<ByteArray>(x.r[A]), value(word_b<B>(s, x)).as_small_int());
  if (!byte) return false;
  x.r[A] = Value::small_int(*byte).bits();
  return true;
}
PT_BODY(StoreByte) {
  uint64_t stored = s->arguments[0] >> 1;  // a tagged int
  uint8_t* byte = byte_of(at<ByteArray>(x.r[A]), value(word_b<B>(s, x)).as_small_int());
  if (!byte || stored > 255) return false;
  *byte = static_cast<uint8_t>(stored);
  return true;
}
PT_BODY(CompareAny) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(ContainsAny) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(GetItemAny) { return false; }
PT_BODY(GetSlice) { return false; }
PT_BODY(SetSlice) { return false; }
PT_BODY(BuildSlice) { return false; }
PT_BODY(DeleteItemAny) { return false; }
// In line: a list's item, uncounted over uncounted.
PT_BODY(SetItemAny) {
  List& list = at<List>(s->arguments[0] & ~Value::kBorrowedBit);
  Value key = value(s->arguments[1]);
  uint64_t bits = s->arguments[2];
  if (list.shape_id.load(std::memory_order_relaxed) != kShape_list || !key.is_small_int() || !is_uncounted(bits)) return false;
  return locked(s, list, [&]() __attribute__((always_inline)) { return replace_item(list, key.as_small_int(), bits); });
}
PT_BODY(SetItemHeld) { return false; }
PT_BODY(BuildTuple) { return false; }
PT_BODY(BuildList) { return false; }
PT_BODY(BuildSet) { return false; }
PT_BODY(BuildMap) { return false; }
PT_BODY(AddToSet) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(Format) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(JoinText) { return false; }
PT_BODY(NewObject) { return false; }
// A count for a reference in the heap. False: the object is not this thread's own.
PT_INLINE bool count_own(State* s, uint64_t& bits) {
  if (!is_pointer(bits)) return true;
  Object& o = at<Object>(bits & ~Value::kBorrowedBit);
  if (is_own(s, o))
    increment(o.local);
  else if (o.local.load(std::memory_order_acquire) != kLocalImmortal)
    return false;
  bits &= ~Value::kBorrowedBit;
  return true;
}
PT_BODY(InitAny) {
  uint64_t bits = word_b<B>(s, x);
  s->object = x.r[A] + hole0();
  s->value = bits;
  if (!count_own(s, bits)) return false;
  __atomic_store_n(&at<uint64_t>(x.r[A] + hole0()), bits, __ATOMIC_RELEASE);
  return true;
}
// With room for a value that needs no count or is this thread's own.
PT_INLINE bool append(State* s, List& list, uint64_t bits) {
  int64_t n = list.size.load(std::memory_order_relaxed);
  ListBuffer* buffer = list.buffer.load(std::memory_order_relaxed);
  if (!buffer || n >= buffer->capacity || !count_own(s, bits)) return false;
  __atomic_store_n(reinterpret_cast<uint64_t*>(&buffer->items[n]), bits, __ATOMIC_RELEASE);
  list.size.store(n + 1, std::memory_order_release);
  return true;
}
PT_BODY(ListAppend) {
  uint64_t bits = word_b<B>(s, x);
  if (append(s, at<List>(x.r[A]), bits)) return true;
  s->object = x.r[A];
  s->value = bits;
  return false;
}
PT_BODY(ListDrop) {
  List& list = at<List>(x.r[A]);
  int64_t n = list.size.load(std::memory_order_relaxed) - 1;
  ListBuffer* buffer = list.buffer.load(std::memory_order_relaxed);
  s->object = x.r[A];
  if (list_wants_smaller(buffer->capacity, n)) return false;
  list.size.store(n, std::memory_order_release);
  __atomic_store_n(reinterpret_cast<uint64_t*>(&buffer->items[n]), uint64_t{0}, __ATOMIC_RELEASE);
  return true;
}
PT_BODY(ListAppendLocked) {
  List& list = at<List>(x.r[A]);
  uint64_t bits = word_b<B>(s, x);
  if (locked(s, list, [&]() __attribute__((always_inline)) { return append(s, list, bits); })) return true;
  s->object = x.r[A];
  s->value = bits;
  return false;
}
PT_BODY(AddAny) {
  s->object = x.r[A];
  s->value = word_b<B>(s, x);
  return false;
}
PT_BODY(SetShape) {
  at<Object>(x.r[A]).shape_id.store(static_cast<uint32_t>(hole0()), std::memory_order_release);
  return true;
}
PT_BODY(GuardExclusive) {
  const Object& o = at<Object>(x.r[A]);
  return is_own(s, o) && o.shared.load(std::memory_order_relaxed) == 0;
}
PT_BODY(GuardWatched) { return is_watched(&at<Object>(x.r[A])); }
PT_BODY(GuardOpen) {
  const Object& o = at<Object>(x.r[A]);
  if (__builtin_expect(is_own(s, o), 1) || (o.lock.load(std::memory_order_acquire) & kLockSeen)) return true;
  s->object = x.r[A];
  return false;
}
// ---- frames
PT_BODY(GuardGenerator) {
  const Generator& g = at<Generator>(x.r[A]);
  if (g.state.load(std::memory_order_relaxed) > GeneratorState::kSuspended ||
      reinterpret_cast<uint64_t>(g.resume_pc) != word_b<B>(s, x) || !g.handled.empty() || g.frame_object != nullptr ||
      g.skip_value || s->thread->handled.is_object()) {
    return false;
  }
  at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole0()) = x.r[A];
  return true;
}
PT_BODY(LoadGenerator) {
  x.r[A] = at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole0());
  return true;
}
PT_BODY(GeneratorGlobals) {
  x.r[A] = reinterpret_cast<uint64_t>(as_function(at<Generator>(x.r[A]).function.peek())->globals());
  return true;
}
PT_BODY(LoadRegister) {
  x.r[A] = at<uint64_t>(x.r[A] + hole0());
  return true;
}
PT_BODY(StoreRegister) {
  at<uint64_t>(x.r[A] + hole0()) = word_b<B>(s, x);
  return true;
}
PT_BODY(WriteRegister) {
  uint64_t& place = at<uint64_t>(x.r[A] + hole0());
  uint64_t old = place;
  place = word_b<B>(s, x);
  return give_back(s, old);
}
PT_BODY(ClearRegister) {
  uint64_t& place = at<uint64_t>(x.r[A] + hole0());
  uint64_t old = place;
  place = 0;
  return give_back(s, old);
}
PT_BODY(PromoteRegister) {
  s->object = x.r[A] + hole0();
  uint64_t& place = at<uint64_t>(s->object);
  return !value(place).is_borrowed() || count_own(s, place);
}
PT_BODY(StoreResume) {
  Generator& g = at<Generator>(x.r[A]);
  g.state.store(GeneratorState::kSuspended, std::memory_order_relaxed);
  g.live = static_cast<uint32_t>(hole0());
  g.resume_pc = reinterpret_cast<const uint64_t*>(word_b<B>(s, x));
  return true;
}
PT_BODY(NewGenerator) {
  s->object = x.r[A];
  return false;
}
PT_BODY(PushGenerator) { return false; }
PT_BODY(SuspendGenerator) { return false; }
PT_BODY(FinishGenerator) {
  s->object = x.r[A];
  return false;
}
static_assert(offsetof(CallRecord, pushed) == offsetof(PushedCall, pushed) &&
              offsetof(CallRecord, pc) == offsetof(PushedCall, entry_pc));
PT_BODY(GuardRoom) {
  const Thread& thread = *s->thread;
  return reinterpret_cast<char*>(x.record) + hole0() < reinterpret_cast<char*>(thread.record_limit) &&
         frame + hole1() <= reinterpret_cast<char*>(thread.stack_limit);
}
PT_BODY(PushFrame) {
  const auto* call = at<const PushedCall*>(hole0());
  x.record->pc = call->caller_pc;
  ++x.record;
  __builtin_memcpy(static_cast<void*>(x.record), call, kPushedBytes);
  x.record->registers = reinterpret_cast<Value*>(frame + hole1());
  return true;
}
PT_BODY(SetFunction) {
  x.record->function = reinterpret_cast<Function*>(x.r[A]);
  return true;
}
PT_BODY(GuardFrame) { return x.record->frame_object == nullptr && x.record->flags == 0; }
PT_BODY(PopFrame) {
  --x.record;
  return true;
}
PT_BODY(GuardReturn) {
  const auto* target = at<const ReturnTarget*>(hole0());
  const CallRecord* record = x.record;
  if (record->frame_object != nullptr || record->flags != target->flags) return false;
  const CallRecord* below = record - 1;
  return below->pc == target->caller_pc && below->globals == target->globals &&
         record->registers - below->registers == target->delta;
}
PT_BODY(GuardPushed) { return x.record->pushed != nullptr; }
PT_BODY(FinishReturn) {
  s->word = x.r[A];
  return !s->disturbed;
}
// Hands the result to the caller's code. hole 0: where the call has its address.
template <int A, bool Float>
PT_INLINE TraceCode return_result(char*& frame, Registers& x) {
  const PushedCall* call = x.record->pushed;
  --x.record;
  frame = reinterpret_cast<char*>(x.record->registers);
  if (Float)
    x.f[0] = x.f[A];
  else
    x.r[0] = x.r[A];
  return at<TraceCode>(reinterpret_cast<uint64_t>(call) + hole0());
}
PT_BODY(GuardUndisturbed) { return !s->disturbed; }
PT_BODY(Interpret) { return true; }  // the emitter calls the helper
PT_BODY(Leave) { return false; }
PT_BODY(Safepoint) { return s->thread->breaker.load(std::memory_order_relaxed) == 0; }
PT_BODY(SafepointThreads) { return s->thread->breaker.load(std::memory_order_relaxed) == 0; }
PT_BODY(MoveWord) {
  x.r[A] = word_b<B>(s, x);
  return true;
}
PT_BODY(MoveFloat) {
  x.f[A] = float_b<B>(s, x);
  return true;
}
PT_BODY(NoteExit) {
  s->exit = at<uint64_t>(hole0());
  return true;
}
PT_BODY(StoreWord) {
  at<uint64_t>(reinterpret_cast<uint64_t>(s) + hole0()) = x.r[A];
  return true;
}
PT_BODY(StoreFloat) {
  at<double>(reinterpret_cast<uint64_t>(s) + hole0()) = x.f[A];
  return true;
}

#define PT_PASS(x)                                                                                                            \
  s, frame, x.r[0], x.r[1], x.r[2], x.r[3], x.r[4], x.r[5], x.r[6], x.r[7], x.record, x.f[0], x.f[1], x.f[2], x.f[3], x.f[4], \
      x.f[5], x.f[6], x.f[7]

template <StencilOp Op, int A, int B>
__attribute__((preserve_none)) uint64_t stencil(PT_TRACE_PARAMETERS) {
  Registers x{{r0, r1, r2, r3, r4, r5, r6, r7}, {f0, f1, f2, f3, f4, f5, f6, f7}, record};
  if constexpr (Op == StencilOp::kExit) {
    for (int i = 0; i < kRegisterCount; ++i) s->r[i] = x.r[i];
    for (int i = 0; i < kRegisterCount; ++i) s->f[i] = x.f[i];
    s->frame = frame;
    s->thread->record = x.record;
    return s->exit;
  } else if constexpr (Op == StencilOp::kJumpThrough) {
    [[clang::musttail]] return at<TraceCode>(hole0())(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kReturnInt || Op == StencilOp::kReturnWord) {
    TraceCode code = return_result<A, false>(frame, x);
    [[clang::musttail]] return code(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kReturnFloat) {
    TraceCode code = return_result<A, true>(frame, x);
    [[clang::musttail]] return code(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kMoveFrame) {
    frame += hole0();
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kCallHelper || Op == StencilOp::kCallCold || Op == StencilOp::kCallKeeping) {
    if (Op != StencilOp::kCallKeeping && __builtin_expect(s->holds != 0, 0)) s->let_go(s);
    s->thread->record = x.record;
    uint64_t ok = reinterpret_cast<Helper>(hole0())(s, reinterpret_cast<Value*>(frame), at<uint64_t>(hole1()));
    x.record = s->thread->record;
    // What the call destroyed is whatever it is now.
    for (int i = kKeptRegisters; i < kRegisterCount; ++i) asm("" : "=r"(x.r[i]));
    for (int i = 0; i < kRegisterCount; ++i) asm("" : "=x"(x.f[i]));
    if constexpr (Op != StencilOp::kCallHelper) {
      s->go_on = ok;
    } else {
      if (__builtin_expect(!ok, 0)) {
        [[clang::musttail]] return pt_exit(PT_PASS(x));
      }
    }
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kGuardNotRaised) {
    if (__builtin_expect(s->go_on == kRaised, 0)) {
      [[clang::musttail]] return pt_exit(PT_PASS(x));
    }
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  } else if constexpr (Op == StencilOp::kGuardGoOn) {
    if (__builtin_expect(!s->go_on, 0)) {
      [[clang::musttail]] return pt_exit(PT_PASS(x));
    }
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  } else {
    Registers old = x;
    if (__builtin_expect(!Body<Op>::template run<A, B>(s, frame, x), 0)) {
      // No exit sees a register that only gets the result.
      if (Op == StencilOp::kAddIntConstant && A != B) old.r[A] = x.r[A];
      [[clang::musttail]] return pt_exit(PT_PASS(old));
    }
    [[clang::musttail]] return pt_continue(PT_PASS(x));
  }
}

// ---- the table ---------------------------------------------------------------------------------------------------------
enum class Form { Source, Binary, Unary, Cross, Check1, Check2, Alone };
enum class Kind { N, W, I, F, O, P };
template <StencilOp Op, int... N>
struct Rows {
  StencilRecord rows[sizeof...(N)];
};
// Variants of an operation: `as` values of A times the values of B in [0, bs); bs 0 means that B is unused.
template <StencilOp Op, int Bs, int... N>
constexpr auto rows(std::integer_sequence<int, N...>) {
  constexpr int kBs = Bs ? Bs : 1;
  return Rows<Op, N...>{{{(const void*)(&stencil<Op, N / kBs, N % kBs>), static_cast<uint32_t>(Op),
                          static_cast<uint16_t>(N / kBs), static_cast<uint16_t>(N % kBs)}...}};
}
constexpr int operand_places(bool is_float) { return is_float ? kOperandPool + 1 : kOperandCount; }
constexpr int a_places(Form f) { return f == Form::Alone ? 1 : kRegisterCount; }
constexpr int b_places(Form f, Kind a, Kind b) {
  if (f == Form::Binary || f == Form::Check2) return operand_places(b == Kind::F);
  if (f == Form::Cross) return operand_places(a == Kind::F);
  return 0;
}
constexpr int row_count(Form f, Kind a, Kind b) {
  int bs = b_places(f, a, b);
  return a_places(f) * (bs ? bs : 1);
}

}  // namespace

#define PT_TABLE(name, a, b, form)                                               \
  [[gnu::section("pt_stencils"), gnu::used]] constinit const auto table_##name = \
      rows<StencilOp::k##name, b_places(Form::form, Kind::a, Kind::b)>(          \
          std::make_integer_sequence<int, row_count(Form::form, Kind::a, Kind::b)>{});
#define PT_JIT_OP(name, result, a, b, form, flags) PT_TABLE(name, a, b, form)
#include "jit_stencils/ops.def"
#undef PT_JIT_OP
PT_TABLE(MoveWord, I, N, Cross)
PT_TABLE(MoveFloat, F, N, Cross)
PT_TABLE(GuardIsObject, W, W, Check2)
PT_TABLE(GuardIsNotObject, W, W, Check2)
PT_TABLE(LoadFloat, O, N, Cross)
PT_TABLE(Allocate, N, N, Source)
PT_TABLE(FreeRange, N, N, Alone)
PT_TABLE(FreeIterator, N, N, Alone)
PT_TABLE(StoreFrameConstant, N, N, Alone)
PT_TABLE(AddIntConstant, I, N, Cross)
PT_TABLE(BorrowObject, O, N, Unary)
PT_TABLE(StoreWord, I, N, Check1)
PT_TABLE(StoreFloat, F, N, Check1)
PT_TABLE(NoteExit, N, N, Alone)
PT_TABLE(Exit, N, N, Alone)
PT_TABLE(JumpThrough, N, N, Alone)
PT_TABLE(MoveFrame, N, N, Alone)
PT_TABLE(CallHelper, N, N, Alone)
PT_TABLE(CallCold, N, N, Alone)
PT_TABLE(CallKeeping, N, N, Alone)
PT_TABLE(LoadShape, O, N, Unary)
PT_TABLE(LoadShapeHold, O, N, Unary)
PT_TABLE(HoldReserved, O, N, Check1)
PT_TABLE(GuardShapeHold, W, N, Unary)
PT_TABLE(TakeHold, O, N, Check1)
PT_TABLE(TakeShapeHold, W, N, Unary)
PT_TABLE(GuardGoOn, N, N, Alone)
PT_TABLE(GuardNotRaised, N, N, Alone)

}  // namespace pt::jit
