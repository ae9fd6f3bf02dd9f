// Callbacks: C functions that call Python objects, in any thread.
#include <cerrno>

#include "vm/modules/dynamic/ctypes/ctypes.h"
#include "vm/modules/support/runtime_interface.h"
#include "vm/object/thread.h"

namespace pt {
void thread_locals_leave();
}

namespace pt::ctypes {

namespace {

// A closure of libffi. Immutable once made.
struct Thunk : Object {
  ffi_closure* closure;
  ffi_cif* cif;
  int flags;
  Field callable, argtypes, restype;
};

// Attached for a scope, whatever the thread was: attached (it called C without detaching), detached, or none of ours. Such a
// one is a thread of Python for the time of the call.
class CallbackScope {
 public:
  CallbackScope() {
    if (!tls_mutator) {
      foreign_ = thread_create();
      if (foreign_ && !thread_enter(foreign_)) {
        thread_free(foreign_);
        foreign_ = nullptr;
      }
      if (foreign_) foreign_->ident = static_cast<uint64_t>(pthread_self());
      ok_ = foreign_ != nullptr;
    } else if (tls_mutator->state.load(std::memory_order_relaxed) != MutatorState::kAttached) {
      attach(tls_mutator);
      attached_ = true;
    }
  }
  ~CallbackScope() {
    if (foreign_) {
      thread_locals_leave();
      thread_leave(foreign_);
    } else if (attached_) {
      detach(tls_mutator);
    }
  }
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;
  bool ok() const { return ok_; }

 private:
  Thread* foreign_ = nullptr;
  bool attached_ = false, ok_ = true;
};

// An argument as Python sees it.
Ref<> from_c(Value type, const void* at) {
  CType* ctype = ctype_of(type);
  TypeInfo* info = info_of(ctype);
  if (!info) return raise(exc::TypeError, "cannot build parameter");
  const Code* code = plain_code(info);
  // C passes the address of an array.
  if (info->kind == Kind::kArray) __builtin_memcpy(&at, at, sizeof at);
  if (!at) return raise(exc::TypeError, "cannot build parameter");
  if (!code) return cdata_copy(ctype, at);
  Raw raw;
  __builtin_memcpy(raw.bytes, at, code->size);
  swap_raw(code, info->swapped, &raw);
  return code->get(raw);
}

void return_to_c(Thunk* self, Value value, void* result) {
  Value restype = self->restype.peek();
  TypeInfo* info = info_of(restype);
  Raw raw;
  Ref<> keep = none_ref();
  if (!info->code->set(value, &raw, &keep)) {
    write_unraisable("on converting result of ctypes callback function", self->callable.peek());
    return;
  }
  swap_raw(info->code, info->swapped, &raw);
  // Small results fill a whole word.
  __builtin_memcpy(result, raw.bytes, std::max<size_t>(info->code->size, sizeof(ffi_arg)));
  // Nobody tells when C has done with what the result names: it lives for ever. An object is a reference that C gets.
  if (is_none(keep.value())) return;
  (void)keep.take();
  if (info->code->name != 'O' && !warn(exc::RuntimeWarning, 1, "memory leak in callback function.")) {
    write_unraisable("on converting result of ctypes callback function", self->callable.peek());
  }
}

void run(Thunk* self, void* result, void** values) {
  Ref<Thunk> held = Ref<Thunk>::retain(self);
  Tuple* argtypes = as_tuple(self->argtypes.peek());
  auto count = static_cast<uint32_t>(argtypes->length);
  LocalArray<Ref<>, 6> arguments(count);
  LocalArray<Value, 6> borrowed(count);
  bool ok = arguments.data() && borrowed.data();
  for (uint32_t i = 0; ok && i < count; ++i) {
    arguments[i] = from_c(argtypes->at(i), values[i]);
    borrowed[i] = arguments[i].value();
    ok = static_cast<bool>(arguments[i]);
  }
  Ref<> returned = ok ? call(self->callable.peek(), Args{borrowed.data(), count}) : Ref<>();
  if (!returned) {
    write_unraisable("on calling ctypes callback function", self->callable.peek());
  } else if (!is_none(self->restype.peek())) {
    return_to_c(self, returned.value(), result);
  }
}

void entry(ffi_cif* cif, void* result, void** values, void* data) {
  if (cif->rtype != &ffi_type_void) __builtin_memset(result, 0, std::max(cif->rtype->size, sizeof(ffi_arg)));
  auto* self = static_cast<Thunk*>(data);
  int flags = self->flags, number = errno;
  {
    CallbackScope scope;
    if (!scope.ok()) return;
    if (flags & kFlagUseErrno) number = exchange_errno(number);
    run(self, result, values);
    if (flags & kFlagUseErrno) number = exchange_errno(number);
  }
  errno = number;
}

void traverse(Object* o, FieldVisitor& visit) {
  auto* self = static_cast<Thunk*>(o);
  visit(self->callable);
  visit(self->argtypes);
  visit(self->restype);
}
void clear(Object* o) { static_cast<Thunk*>(o)->callable.clear(); }
void destroy(Object* o) {
  auto* self = static_cast<Thunk*>(o);
  if (self->closure) ffi_closure_free(self->closure);
  if (self->cif) {
    memory::release(self->cif->arg_types);
    memory::release(self->cif);
  }
  self->closure = nullptr;
  self->cif = nullptr;
  self->callable.clear();
  self->argtypes.clear();
  self->restype.clear();
}

}  // namespace

constinit Type thunk_type = {};
extern const TypeSpec thunk_spec;
const TypeSpec thunk_spec = {.name = "_ctypes.CThunkObject",
                             .size = sizeof(Thunk),
                             .flags = kTypeNoInstantiate,
                             .slots = {.repr = repr_object},
                             .traverse = traverse,
                             .clear = clear,
                             .destroy = destroy,
                             .doc = "CThunkObject"};

Ref<> thunk_new(Value callable, Tuple* argtypes, Value restype, int flags, void** code) {
  Ref<Thunk> self = allocate<Thunk>(&thunk_type);
  if (!self) return Ref<>();
  bool no_result = !restype.empty() && is_none(restype);
  TypeInfo* result = restype.empty() || no_result ? nullptr : info_of(restype);
  if (!no_result && !(result && result->code)) {
    return raise(exc::TypeError, "invalid result type for callback function");
  }
  self->flags = flags;
  self->callable.init(Ref<>::retain(callable));
  self->argtypes.init(Ref<>::retain(Value::object(argtypes)));
  self->restype.init(Ref<>::retain(restype));
  auto count = static_cast<size_t>(argtypes->length);
  auto** types = static_cast<ffi_type**>(memory::allocate((count + 1) * sizeof(ffi_type*)));
  self->cif = static_cast<ffi_cif*>(memory::allocate_zeroed(sizeof(ffi_cif)));
  if (!self->cif || !types) {
    memory::release(types);
    return raise_no_memory();
  }
  self->cif->arg_types = types;
  for (size_t i = 0; i < count; ++i) types[i] = ffi_type_of(argtypes->at(static_cast<int64_t>(i)));
  self->closure = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), code));
  if (!self->closure) return raise_no_memory();
  ffi_status status =
      ffi_prep_cif(self->cif, FFI_DEFAULT_ABI, static_cast<unsigned>(count), result ? result->ffi : &ffi_type_void, types);
  if (status != FFI_OK) return raise(exc::RuntimeError, "ffi_prep_cif failed with %d", static_cast<int>(status));
  status = ffi_prep_closure_loc(self->closure, self->cif, entry, self.get(), *code);
  if (status != FFI_OK) return raise(exc::RuntimeError, "ffi_prep_closure failed with %d", static_cast<int>(status));
  return self;
}

}  // namespace pt::ctypes
