// _ctypes_test for CPython's own suite and ours: C functions with signatures of all kinds, to be called through ctypes. The
// names and what the functions do are what that suite expects. Built, never installed.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "vm/object/constants.h"
#include "vm/object/module.h"
#include "vm/types/list.h"

#define EXPORT __attribute__((visibility("default"), used))
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#pragma clang diagnostic ignored "-Wmissing-prototypes"

extern "C" {

// ---- one argument of each kind, after none or a small one: a third of it comes back -----------------------------------------

EXPORT long long last_tf_arg_s = 0;
EXPORT unsigned long long last_tf_arg_u = 0;

#define PT_SIGNED(code, type)                  \
  EXPORT type tf_##code(type c) {              \
    last_tf_arg_s = static_cast<long long>(c); \
    return static_cast<type>(c / 3);           \
  }                                            \
  EXPORT type tf_b##code(signed char, type c) { return tf_##code(c); }
#define PT_UNSIGNED(code, type)                         \
  EXPORT type tf_##code(type c) {                       \
    last_tf_arg_u = static_cast<unsigned long long>(c); \
    return static_cast<type>(c / 3);                    \
  }                                                     \
  EXPORT type tf_b##code(signed char, type c) { return tf_##code(c); }
PT_SIGNED(b, signed char)
PT_SIGNED(h, short)
PT_SIGNED(i, int)
PT_SIGNED(l, long)
PT_SIGNED(q, long long)
PT_SIGNED(f, float)
PT_SIGNED(d, double)
PT_SIGNED(D, long double)
PT_UNSIGNED(B, unsigned char)
PT_UNSIGNED(H, unsigned short)
PT_UNSIGNED(I, unsigned)
PT_UNSIGNED(L, unsigned long)
PT_UNSIGNED(Q, unsigned long long)
EXPORT void tv_i(int c) { last_tf_arg_s = c; }

// ---- several arguments of several kinds, and their sum ------------------------------------------------------------------------

#define PT_SUM(name, result, last)                                                                              \
  EXPORT result name(signed char b, short h, int i, long l, float f, last d) {                                  \
    return static_cast<result>(static_cast<last>(b + h + i) + static_cast<last>(l) + static_cast<last>(f) + d); \
  }
PT_SUM(_testfunc_i_bhilfd, int, double)
PT_SUM(_testfunc_f_bhilfd, float, double)
PT_SUM(_testfunc_d_bhilfd, double, double)
PT_SUM(_testfunc_D_bhilfD, long double, long double)
PT_SUM(_testfunc_q_bhilfd, long long, double)
EXPORT long long _testfunc_q_bhilfdq(signed char b, short h, int i, long l, float f, double d, long long q) {
  return _testfunc_q_bhilfd(b, h, i, l, f, d) + q;
}
EXPORT void _testfunc_v(int a, int b, int* sum) { *sum = a + b; }
EXPORT int testfunc_iii(int a, int b, int c) { return a + b + c; }
EXPORT int testfunc_ddd(double a, double b, double c) { return static_cast<int>(a * b * c); }

// ---- addresses
// ------------------------------------------------------------------------------------------------------------------

EXPORT void* _testfunc_p_p(void* p) { return p; }
EXPORT void* _testfunc_c_p_p(int* count, char** texts) { return texts[*count - 1]; }
EXPORT int* _testfunc_ai8(int numbers[8]) { return numbers; }
EXPORT int _testfunc_deref_pointer(int* p) { return *p; }
EXPORT void TwoOutArgs(int a, int* first, int b, int* second) {
  *first += a;
  *second += b;
}
EXPORT int an_integer = 42;
EXPORT int get_an_integer() { return an_integer; }

EXPORT char* my_strtok(char* text, const char* separators) { return std::strtok(text, separators); }
EXPORT char* my_strchr(const char* text, int c) { return const_cast<char*>(std::strchr(text, c)); }
EXPORT double my_sqrt(double x) { return std::sqrt(x); }
EXPORT void my_qsort(void* base, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  std::qsort(base, count, size, compare);
}
EXPORT char* my_strdup(const char* text) { return strdup(text); }
EXPORT void my_free(void* p) { std::free(p); }
EXPORT wchar_t* my_wcsdup(const wchar_t* text) { return wcsdup(text); }
EXPORT size_t my_wcslen(const wchar_t* text) { return std::wcslen(text); }
EXPORT char* (*get_strchr())(const char*, int) { return my_strchr; }

// ---- callbacks
// ------------------------------------------------------------------------------------------------------------------

EXPORT int _testfunc_callback_i_if(int value, int (*callback)(int)) {
  int sum = 0;
  for (; value != 0; value /= 2) sum += callback(value);
  return sum;
}
EXPORT long long _testfunc_callback_q_qf(long long value, long long (*callback)(long long)) {
  long long sum = 0;
  for (; value != 0; value /= 2) sum += callback(value);
  return sum;
}
EXPORT int _testfunc_callback_with_pointer(int (*callback)(int*)) {
  static int table[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  return callback(table);
}
EXPORT int _testfunc_cbk_reg_int(int a, int b, int c, int d, int e, int (*callback)(int, int, int, int, int)) {
  return callback(a * a, b * b, c * c, d * d, e * e);
}
EXPORT double _testfunc_cbk_reg_double(double a, double b, double c, double d, double e,
                                       double (*callback)(double, double, double, double, double)) {
  return callback(a * a, b * b, c * c, d * d, e * e);
}
EXPORT double integrate(double from, double to, double (*function)(double), long steps) {
  double width = (to - from) / static_cast<double>(steps), sum = 0;
  for (long i = 0; i < steps; ++i) sum += function(from + (static_cast<double>(i) + 0.5) * width) * width;
  return sum;
}

// ---- structures and unions by value
// ------------------------------------------------------------------------------------------------

struct Point {
  int x, y;
};
EXPORT int _testfunc_byval(Point in, Point* out) {
  if (out) *out = in;
  return in.x + in.y;
}
struct Shorts2 {
  short x, y;
};
EXPORT Shorts2 ret_2h_func(Shorts2 in) { return {static_cast<short>(in.x * 2), static_cast<short>(in.y * 3)}; }
struct Ints8 {
  int a, b, c, d, e, f, g, h;
};
EXPORT Ints8 ret_8i_func(Ints8 in) { return {in.a * 2, in.b * 3, in.c * 4, in.d * 5, in.e * 6, in.f * 7, in.g * 8, in.h * 9}; }
struct Longs3 {
  unsigned long first, second, third;
};
EXPORT void _testfunc_cbk_large_struct(Longs3 in, void (*callback)(Longs3)) { callback(in); }
EXPORT void _testfunc_large_struct_update_value(Longs3 in) {
  reinterpret_cast<volatile Longs3*>(&in)->first = 0x0badf00d;
  reinterpret_cast<volatile Longs3*>(&in)->second = 0x0badf00d;
  reinterpret_cast<volatile Longs3*>(&in)->third = 0x0badf00d;
}
struct Words2 {
  unsigned first, second;
};
EXPORT Words2 last_tfrsuv_arg = {};
EXPORT void _testfunc_reg_struct_update_value(Words2 in) {
  last_tfrsuv_arg = in;
  reinterpret_cast<volatile Words2*>(&in)->first = 0x0badf00d;
}
struct Bytes16 {
  unsigned char data[16];
};
EXPORT int _testfunc_array_in_struct1(Bytes16 in) {
  int sum = 0;
  for (unsigned char c : in.data) sum += c;
  return sum;
}
struct Doubles2 {
  double data[2];
};
EXPORT double _testfunc_array_in_struct2(Doubles2 in) { return in.data[0] + in.data[1]; }
struct Floats4 {
  float data[2], more_data[2];
};
EXPORT double _testfunc_array_in_struct2a(Floats4 in) {
  return static_cast<double>(in.data[0]) + static_cast<double>(in.data[1]) + static_cast<double>(in.more_data[0]) +
         static_cast<double>(in.more_data[1]);
}
union LongOrInts {
  long a_long;
  struct {
    int an_int, another_int;
  } a_struct;
};
struct WithUnion {
  int an_int;
  struct {
    int an_int;
    LongOrInts a_union;
  } nested;
  int another_int;
};
EXPORT long _testfunc_union_by_value1(LongOrInts in) { return in.a_long; }
EXPORT long _testfunc_union_by_value2(WithUnion in) { return in.an_int + in.nested.an_int + in.another_int; }
EXPORT long _testfunc_union_by_reference1(LongOrInts* in) {
  long result = in->a_long;
  std::memset(in, 0, sizeof *in);
  return result;
}
EXPORT long _testfunc_union_by_reference2(LongOrInts* in) {
  long result = in->a_struct.an_int + in->a_struct.another_int;
  std::memset(in, 0, sizeof *in);
  return result;
}
EXPORT long _testfunc_union_by_reference3(WithUnion* in) {
  long result = _testfunc_union_by_value2(*in);
  std::memset(static_cast<void*>(in), 0, sizeof *in);
  return result;
}
struct SignedBits {
  int a : 1, b : 2, c : 3, d : 2;
};
EXPORT long _testfunc_bitfield_by_value1(SignedBits in) { return in.a + in.b + in.c + in.d; }
EXPORT long _testfunc_bitfield_by_reference1(SignedBits* in) {
  long result = _testfunc_bitfield_by_value1(*in);
  std::memset(in, 0, sizeof *in);
  return result;
}
struct UnsignedBits {
  unsigned a : 1, b : 2, c : 3, d : 2;
};
EXPORT long _testfunc_bitfield_by_reference2(UnsignedBits* in) {
  long result = in->a + in->b + in->c + in->d;
  std::memset(in, 0, sizeof *in);
  return result;
}

// Sizes from one byte to five words, of whole numbers, of floating ones and of both.
#define PT_MIXED(name, ...) \
  struct Mixed##name {      \
    __VA_ARGS__;            \
  };                        \
  EXPORT Mixed##name pt_same_##name(Mixed##name in) { return in; }
PT_MIXED(c1, char a)
PT_MIXED(c3, char a[3])
PT_MIXED(c7, char a[7])
PT_MIXED(f1, float a)
PT_MIXED(f3, float a, b, c)
PT_MIXED(fi, float a; int b)
PT_MIXED(id, int a; double b)
PT_MIXED(dc, double a; char b)
PT_MIXED(ld, long double a)
PT_MIXED(ll3, long a, b, c)
PT_MIXED(d5, double a[5])

struct Long4 {
  long left, top, right, bottom;
};
struct Long2 {
  long x, y;
};
EXPORT long left = 10, top = 20, right = 30, bottom = 40;
EXPORT int PointInRect(Long4* area, Long2 at) {
  return at.x >= area->left && at.x <= area->right && at.y >= area->top && at.y <= area->bottom;
}
EXPORT Long4 ReturnRect(int which, Long4 a, Long4* b, Long2 p, Long4 c, Long4* d, Long2 q, Long4 e) {
  // Anything that came in wrong shows in the result.
  if (a.left + b->left + c.left + d->left + e.left != left * 5) return {100, 100, 100, 100};
  if (a.right + b->right + c.right + d->right + e.right != right * 5) return {101, 101, 101, 101};
  if (a.top + b->top + c.top + d->top + e.top != top * 5) return {102, 102, 102, 102};
  if (a.bottom + b->bottom + c.bottom + d->bottom + e.bottom != bottom * 5) return {103, 103, 103, 103};
  if (p.x != q.x || p.y != q.y) return {104, 104, 104, 104};
  return which == 0 ? a : which == 1 ? *b : which == 2 ? c : which == 3 ? *d : e;
}

struct Bits {
  int A : 1, B : 2, C : 3, D : 4, E : 5, F : 6, G : 7, H : 8, I : 9;
  short M : 1, N : 2, O : 3, P : 4, Q : 5, R : 6, S : 7;
};
EXPORT int unpack_bitfields(Bits* bits, char name) {
  switch (name) {
#define PT_BITS(name) \
  case #name[0]: return bits->name
    PT_BITS(A);
    PT_BITS(B);
    PT_BITS(C);
    PT_BITS(D);
    PT_BITS(E);
    PT_BITS(F);
    PT_BITS(G);
    PT_BITS(H);
    PT_BITS(I);
    PT_BITS(M);
    PT_BITS(N);
    PT_BITS(O);
    PT_BITS(P);
    PT_BITS(Q);
    PT_BITS(R);
    PT_BITS(S);
    default: return 0;
  }
}

// ---- objects
// ------------------------------------------------------------------------------------------------------------------------

// Called attached (PyDLL); an object is the word that names it.
EXPORT int _testfunc_pylist_append(uint64_t list, uint64_t item) {
  using namespace pt;
  return list_append(as_list(Value::from_identity(list)), Ref<>::retain(Value::from_identity(item))) ? 0 : -1;
}

extern const pt::NativeModule ptpython_module__ctypes_test;
const pt::NativeModule ptpython_module__ctypes_test = {"_ctypes_test", "C functions to be called through ctypes.", nullptr};

}  // extern "C"
