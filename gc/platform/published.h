#pragma once
#include <concepts>
#include <type_traits>

namespace pt {

// A pointer that may be written while other threads read it: a read that finds it finds what it points to. It reads and writes
// like a plain one, but each read may give something else: whoever tests it keeps what he has read.
template <class T>
class Published {
  static_assert(std::is_pointer_v<T>);

 public:
  constexpr Published() = default;
  template <class U>
    requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, Published>)
  constexpr Published(U&& pointer) : pointer_(pointer) {}
  constexpr Published(const Published& other) : pointer_(other.load()) {}
  constexpr Published& operator=(const Published& other) {
    store(other.load());
    return *this;
  }

  constexpr operator T() const { return load(); }
  constexpr T operator->() const { return load(); }
  constexpr T load() const {
    if (std::is_constant_evaluated()) return pointer_;
    return __atomic_load_n(&pointer_, __ATOMIC_ACQUIRE);  // pairs with the release in store
  }
  constexpr void store(T pointer) {
    if (std::is_constant_evaluated())
      pointer_ = pointer;
    else
      __atomic_store_n(&pointer_, pointer, __ATOMIC_RELEASE);
  }

 private:
  T pointer_ = nullptr;
};

}  // namespace pt
