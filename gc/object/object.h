#pragma once
// The 16-byte object header and the shape records that describe objects to the collector.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gc/object/value.h"

namespace pt {

class Field;
struct Shape;

using ThreadId = uint16_t;  // 0: no owner (immortal or merged)
using ShapeId = uint32_t;

// Bits of Object::lock. The object flags are written only while the lock is held or before the object is shared.
inline constexpr uint8_t kLockLocked = 1;
inline constexpr uint8_t kLockParked = 2;
// The object's owner runs compiled code that keeps the lock over several stores, until it is asked for it (kBreakLetGo).
inline constexpr uint8_t kLockKept = 4;
// Threads that do not own the object may look at what it holds without the lock (docs/locks.md). Set with the lock held, for
// good.
inline constexpr uint8_t kLockSeen = 8;
// The object's owner works on it without the lock; whoever else takes the lock ends that first (gc/sync/reservation.h).
inline constexpr uint8_t kLockReserved = 16;
// The lock was kept once (kLockKept): the next time it is given back it is reserved.
inline constexpr uint8_t kLockWasKept = 32;
// Compiled code takes what the object holds for unchanging: whoever locks it to write ends that first (docs/locks.md, "Watched
// objects"). Set with the lock held, cleared with the world stopped.
inline constexpr uint8_t kLockWatched = 64;

// Bits of Object::gc_bits. All are set with atomic or; the collector's own are touched only in a stopped world.
inline constexpr uint8_t kGcDeferred = 1;    // freed only by a collection; registers hold it without a count
inline constexpr uint8_t kGcFinalised = 2;   // __del__ has run (PEP 442: once)
inline constexpr uint8_t kGcTracked = 4;     // may refer to other objects
inline constexpr uint8_t kGcHasWeakrefs = 8; // has an entry in the weak reference table
inline constexpr uint8_t kGcMark = 16;       // collector scratch
inline constexpr uint8_t kGcUnreachable = 32;  // collector scratch
inline constexpr uint8_t kGcDead = 64;       // slot is free (heap verifier)
inline constexpr uint8_t kGcFrozen = 128;    // gc.freeze()

// Shared count word: the count in bits 2..31 (signed), the state in bits 0..1 (PEP 703).
inline constexpr int32_t kSharedOne = 4;
inline constexpr int32_t kSharedStateMask = 3;
inline constexpr int32_t kSharedDefault = 0;
inline constexpr int32_t kSharedMaybe = 1;   // other threads may try-incref: the owner must merge with a CAS
inline constexpr int32_t kSharedQueued = 2;  // waits in the owner's merge queue
inline constexpr int32_t kSharedMerged = 3;  // owner == 0; only the shared count counts
inline constexpr uint32_t kLocalImmortal = 0xFFFFFFFFu;

struct Object {
  std::atomic<ShapeId> shape_id;     // release-stored when attributes are added
  std::atomic<ThreadId> owner;       // written by the owner, or under merge
  std::atomic<uint8_t> lock;         // the object lock (gc/sync/object_lock.h)
  std::atomic<uint8_t> gc_bits;
  std::atomic<uint32_t> local;       // owner thread only (relaxed)
  std::atomic<int32_t> shared;

  Shape* shape() const;
  bool has_gc_bit(uint8_t bit) const { return gc_bits.load(std::memory_order_relaxed) & bit; }
  bool is_immortal() const { return local.load(std::memory_order_relaxed) == kLocalImmortal; }
};
static_assert(sizeof(Object) == 16);

// Called for each heap slot an object owns.
struct FieldVisitor {
  void (*visit)(FieldVisitor&, Field&);
  void operator()(Field& field) { visit(*this, field); }
};

// How the heap and the collector handle the objects of one type. Immutable once the type is ready, but for `finalize`.
struct TypeLayout {
  const char* name = nullptr;  // for diagnostics
  uint32_t fixed_size = 0;     // bytes of the fixed part, header included
  bool tracked = false;        // has a `traverse`
  // Visits every Field of the object. World stopped or object unreachable: takes no lock.
  void (*traverse)(Object*, FieldVisitor&) = nullptr;
  // Drops all references the object holds (breaks cycles). May run Python code through destructors.
  void (*clear)(Object*) = nullptr;
  // Last rites before the memory goes: drops references, frees buffers. Does not free the object's own memory.
  void (*destroy)(Object*) = nullptr;
  // PEP 442 finaliser (`__del__`, generator close). nullptr: none. Runs Python code; may resurrect.
  // Relaxed: a class may get or lose a `__del__`, and an object that dies meanwhile may do so with or without it.
  std::atomic<void (*)(Object*)> finalize = nullptr;
  void (*finalizer() const)(Object*) { return finalize.load(std::memory_order_relaxed); }
  // The fields never change once all are filled (tuples): the collector stops tracking an object that names nothing tracked.
  bool immutable = false;
};

// The part of a shape record the heap knows. vm/object/shape.h completes it.
struct ShapeHead {
  const TypeLayout* layout = nullptr;
};

inline constexpr unsigned kShapeShift = 6;
inline constexpr uintptr_t kShapeRegionBase = 0x40000000;  // fixed: a shape's address is an immediate operand
inline constexpr uint32_t kMaxShapes = 1u << 20;

// Maps the region all shape records lie in. Before the first shape is made; once, further calls do nothing.
void reserve_shape_region();

PT_INLINE Shape* shape_from_id(ShapeId id) { return reinterpret_cast<Shape*>(kShapeRegionBase + (uintptr_t{id} << kShapeShift)); }
PT_INLINE ShapeId shape_id_of(const Shape* shape) {
  return static_cast<ShapeId>((reinterpret_cast<uintptr_t>(shape) - kShapeRegionBase) >> kShapeShift);
}
inline Shape* Object::shape() const { return shape_from_id(shape_id.load(std::memory_order_acquire)); }
inline const TypeLayout* layout_of(const Object* o) { return reinterpret_cast<const ShapeHead*>(o->shape())->layout; }

}  // namespace pt
