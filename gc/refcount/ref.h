#pragma once
// Ref<T>: an owned reference. Field: a heap slot that owns what it holds.
#include <atomic>
#include <utility>

#include "gc/object/object.h"
#include "gc/refcount/refcount.h"
#include "gc/sync/object_lock.h"

namespace pt {

struct Any;  // Ref<Any>: any value, immediates included

template <class T = Any>
class [[nodiscard]] Ref;

// Owns one Value (or nothing). Move-only; releases in its destructor, which may run Python code.
template <>
class [[nodiscard]] Ref<Any> {
 public:
  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}
  static Ref steal(Value v) { return Ref(v); }             // takes over a count the caller owns (or an immediate)
  PT_INLINE static Ref retain(Value v) {
    pt::retain(v);
    return Ref(v.untagged());
  }
  Ref(Ref&& other) noexcept : value_(other.value_) { other.value_ = Value(); }
  template <class U>
  Ref(Ref<U>&& other) noexcept;
  Ref& operator=(Ref&& other) noexcept {
    Value old = value_;
    value_ = other.value_;
    other.value_ = Value();
    release(old);
    return *this;
  }
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  // The question is asked in line, the answer is out of line: most Refs are empty or hold immediates when they end.
  PT_INLINE ~Ref() {
    if (value_.is_counted()) decref_call(value_.as_object());
  }

  explicit operator bool() const { return !value_.empty(); }
  Value value() const { return value_; }                    // borrowed from this Ref
  [[nodiscard]] Value take() {
    Value v = value_;
    value_ = Value();
    return v;
  }  // ownership goes to the caller
  void reset() {
    Value old = value_;
    value_ = Value();
    release(old);
  }
  Ref copy() const { return retain(value_); }

 private:
  static void release(Value v) { pt::release(v); }
  constexpr explicit Ref(Value v) : value_(v) {}
  Value value_;
};

// Owns one object of type T (or nothing).
template <class T>
class [[nodiscard]] Ref {
 public:
  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}
  static Ref steal(T* o) { return Ref(o); }
  static Ref retain(T* o) {
    if (o) incref(reinterpret_cast<Object*>(o));
    return Ref(o);
  }
  Ref(Ref&& other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  Ref& operator=(Ref&& other) noexcept {
    T* old = object_;
    object_ = other.object_;
    other.object_ = nullptr;
    if (old) decref(reinterpret_cast<Object*>(old));
    return *this;
  }
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  ~Ref() {
    if (object_) decref(reinterpret_cast<Object*>(object_));
  }

  explicit operator bool() const { return object_ != nullptr; }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  Value value() const { return Value::object(reinterpret_cast<Object*>(object_)); }
  [[nodiscard]] T* take() {
    T* o = object_;
    object_ = nullptr;
    return o;
  }
  void reset() { *this = Ref(); }
  Ref copy() const { return retain(object_); }

 private:
  constexpr explicit Ref(T* o) : object_(o) {}
  T* object_ = nullptr;
};

template <class U>
Ref<Any>::Ref(Ref<U>&& other) noexcept : value_(other.value()) {
  (void)other.take();
}

// A heap slot. Writers hold the holder's lock (or the holder is not shared yet); readers may come without a lock.
class Field {
 public:
  constexpr Field() = default;
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  // Any thread, no lock: a counted copy of what the slot holds (empty when it holds nothing). The slot must lie in the
  // holder itself or in a buffer that the holder never replaces; for others see try_load.
  PT_INLINE Ref<> load(Object* holder) const {
    for (;;) {
      uint64_t bits = bits_.load(std::memory_order_acquire);  // pairs with the release in exchange_locked
      Value v = Value::from_bits(bits);
      if (!v.is_object()) return Ref<>::steal(v);
      if (PT_UNLIKELY(!try_incref(v.as_object()))) return load_slow(holder);
      if (PT_LIKELY(bits_.load(std::memory_order_acquire) == bits)) return Ref<>::steal(v);
      decref(v.as_object());
    }
  }
  // As load(), for a slot in a buffer that the holder may replace (QSBR keeps the old buffer readable, but nobody updates
  // it any more). False: take the holder's lock, find the buffer again and use load_locked. After true, the caller
  // checks that the buffer is still the holder's current one, and drops `out` and starts again if not.
  [[nodiscard]] PT_INLINE bool try_load(Ref<>& out) const {
    uint64_t bits = bits_.load(std::memory_order_acquire);  // pairs with the release in exchange_locked
    Value v = Value::from_bits(bits);
    if (v.is_object()) {
      if (PT_UNLIKELY(!try_incref(v.as_object()))) return false;
      if (PT_UNLIKELY(bits_.load(std::memory_order_acquire) != bits)) {
        decref(v.as_object());
        return false;
      }
    }
    out = Ref<>::steal(v);
    return true;
  }
  // Holder locked: a counted copy; later lock-free loads of the same object by this thread will succeed.
  PT_INLINE Ref<> load_locked() const {
    Value v = peek();
    if (v.is_object()) {
      incref(v.as_object());
      if (multithreaded() && !owned_by_this_thread(v.as_object())) mark_maybe_shared(v.as_object());
    }
    return Ref<>::steal(v);
  }
  // For an interpreter register, as register_copy: immortal and deferred objects of other threads come back borrowed,
  // without touching their counts (a deferred object that was seen in the slot lives until the next stop of the world).
  // False, and nothing has happened: an object of another thread, or the slot changed meanwhile; use load().
  [[nodiscard]] PT_INLINE bool try_load_register(Value* out) const {
    uint64_t bits = bits_.load(std::memory_order_acquire);  // pairs with the release in exchange_locked
    Value v = Value::from_bits(bits);
    if (v.is_object()) {
      Object* o = v.as_object();
      if (PT_LIKELY(owned_by_this_thread(o))) {
        // Nobody else destroys it while this thread, its owner, runs.
        uint32_t count = o->local.load(std::memory_order_relaxed);
        o->local.store(count + 1, std::memory_order_relaxed);
        if (PT_UNLIKELY(bits_.load(std::memory_order_acquire) != bits)) {
          undo_load_register(v);
          return false;
        }
        note_reference(o, LedgerEvent::kTake);
      } else {
        // Acquire pairs with the release in make_deferred and make_immortal. The slot may have changed, and the memory
        // become another object, between the two loads.
        if (!((o->gc_bits.load(std::memory_order_acquire) & kGcDeferred) ||
              o->local.load(std::memory_order_acquire) == kLocalImmortal) ||
            bits_.load(std::memory_order_acquire) != bits) {
          return false;
        }
        v = v.as_borrowed();
      }
    }
    *out = v;
    return true;
  }
  // Gives back what try_load_register took a moment ago: it cannot be the last reference, as only this thread, the
  // object's owner, could have dropped the one the slot had.
  PT_INLINE static void undo_load_register(Value v) {
    if (!v.is_counted()) return;
    Object* o = v.as_object();
    uint32_t count = o->local.load(std::memory_order_relaxed);
    PT_ASSERT(count > 1);
    o->local.store(count - 1, std::memory_order_relaxed);
  }
  // try_load_register or load.
  PT_INLINE Value load_register(Object* holder) const {
    Value v;
    return PT_LIKELY(try_load_register(&v)) ? v : load(holder).take();
  }
  // Holder locked, unshared, or immutable after construction: what the slot holds, borrowed.
  Value peek() const { return Value::from_bits(bits_.load(std::memory_order_relaxed)); }
  Value peek_acquire() const { return Value::from_bits(bits_.load(std::memory_order_acquire)); }
  // Holder locked or unshared: puts `v` in and hands the old content back, for release after the lock is given up.
  Ref<> exchange_locked(Ref<> v) {
    Value old = peek();
    bits_.store(v.take().bits(), std::memory_order_release);
    return Ref<>::steal(old);
  }
  // The slot is known to be empty (construction, append).
  void init(Ref<> v) { bits_.store(v.take().bits(), std::memory_order_release); }
  void init_value(Value owned) { bits_.store(owned.bits(), std::memory_order_release); }
  // Takes the holder's lock itself. May run Python code when the old content dies.
  void store(Object* holder, Ref<> v) {
    Ref<> old;
    {
      LockGuard guard(holder);
      old = exchange_locked(std::move(v));
    }
  }
  // Holder unreachable or unshared: empties the slot and releases.
  void clear() { exchange_locked(Ref<>()).reset(); }
  Ref<> take_unshared() { return exchange_locked(Ref<>()); }

 private:
  PT_COLD Ref<> load_slow(Object* holder) const;
  std::atomic<uint64_t> bits_{0};
};
static_assert(sizeof(Field) == 8);

}  // namespace pt
