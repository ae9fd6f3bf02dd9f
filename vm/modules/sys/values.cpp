// sys: constants and the named tuples.
#include <cfloat>
#include <climits>
#include <cstring>
#include <gnu/libc-version.h>

#include "vm/modules/support/arguments.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys_internal.h"
#include "vm/object/module.h"
#include "vm/types/dict.h"
#include "vm/types/float.h"
#include "vm/types/int.h"
#include "vm/types/list.h"
#include "vm/types/set.h"
#include "vm/types/simple_namespace.h"
#include "vm/types/structseq.h"
#include "vm/types/tuple.h"

namespace pt {

constinit RuntimeConfig g_config;

namespace {

constinit StructSeqType g_flags = {}, g_version_info = {}, g_float_info = {}, g_int_info = {}, g_hash_info = {},
                        g_thread_info = {};

const StructSeqField kFlagFields[] = {{"debug", "-d"},
                                      {"inspect", "-i"},
                                      {"interactive", "-i"},
                                      {"optimize", "-O or -OO"},
                                      {"dont_write_bytecode", "-B"},
                                      {"no_user_site", "-s"},
                                      {"no_site", "-S"},
                                      {"ignore_environment", "-E"},
                                      {"verbose", "-v"},
                                      {"bytes_warning", "-b"},
                                      {"quiet", "-q"},
                                      {"hash_randomization", "-R"},
                                      {"isolated", "-I"},
                                      {"dev_mode", "-X dev"},
                                      {"utf8_mode", "-X utf8"},
                                      {"warn_default_encoding", "-X warn_default_encoding"},
                                      {"safe_path", "-P"},
                                      {"int_max_str_digits", "-X int_max_str_digits"},
                                      {}};
const StructSeqDef kFlagsDef = {"sys.flags", "sys.flags\n\nFlags provided through command line arguments or environment vars.",
                                kFlagFields, 18, false};
const StructSeqField kVersionFields[] = {
    {"major", "Major release number"},   {"minor", "Minor release number"},
    {"micro", "Patch release number"},   {"releaselevel", "'alpha', 'beta', 'candidate', or 'final'"},
    {"serial", "Serial release number"}, {}};
const StructSeqDef kVersionDef = {"sys.version_info", "sys.version_info\n\nVersion information as a named tuple.", kVersionFields,
                                  5, false};
const StructSeqField kFloatFields[] = {
    {"max", "DBL_MAX -- maximum representable finite float"},
    {"max_exp", "DBL_MAX_EXP -- maximum int e such that radix**(e-1) is representable"},
    {"max_10_exp", "DBL_MAX_10_EXP -- maximum int e such that 10**e is representable"},
    {"min", "DBL_MIN -- Minimum positive normalized float"},
    {"min_exp", "DBL_MIN_EXP -- minimum int e such that radix**(e-1) is a normalized float"},
    {"min_10_exp", "DBL_MIN_10_EXP -- minimum int e such that 10**e is a normalized float"},
    {"dig", "DBL_DIG -- maximum number of decimal digits that can be faithfully represented in a float"},
    {"mant_dig", "DBL_MANT_DIG -- mantissa digits"},
    {"epsilon", "DBL_EPSILON -- Difference between 1 and the next representable float"},
    {"radix", "FLT_RADIX -- radix of exponent"},
    {"rounds", "FLT_ROUNDS -- rounding mode used for arithmetic operations"},
    {}};
const StructSeqDef kFloatDef = {"sys.float_info", "sys.float_info\n\nA named tuple holding information about the float type.",
                                kFloatFields, 11};
const StructSeqField kIntFields[] = {{"bits_per_digit", "size of a digit in bits"},
                                     {"sizeof_digit", "size in bytes of the C type used to represent a digit"},
                                     {"default_max_str_digits", "maximum string conversion digits limitation"},
                                     {"str_digits_check_threshold", "minimum positive value for int_max_str_digits"},
                                     {}};
const StructSeqDef kIntDef = {"sys.int_info",
                              "sys.int_info\n\nA named tuple that holds information about the internal\nrepresentation of "
                              "integers.  The attributes are read only.",
                              kIntFields, 4};
const StructSeqField kHashFields[] = {{"width", "width of the type used for hashing, in bits"},
                                      {"modulus", "prime number giving the modulus on which the hash function is based"},
                                      {"inf", "value to be used for hash of a positive infinity"},
                                      {"nan", "value to be used for hash of a nan"},
                                      {"imag", "multiplier used for the imaginary part of a complex number"},
                                      {"algorithm", "name of the algorithm for hashing of str, bytes and memoryviews"},
                                      {"hash_bits", "internal output size of hash algorithm"},
                                      {"seed_bits", "seed size of hash algorithm"},
                                      {"cutoff", "small string optimization cutoff"},
                                      {}};
const StructSeqDef kHashDef = {
    "sys.hash_info", "hash_info\n\nA named tuple providing parameters used for computing\nhashes. The attributes are read only.",
    kHashFields, 9};
const StructSeqField kThreadFields[] = {{"name", "name of the thread implementation"},
                                        {"lock", "name of the lock implementation"},
                                        {"version", "name and version of the thread library"},
                                        {}};
const StructSeqDef kThreadDef = {
    "sys.thread_info", "sys.thread_info\n\nA named tuple holding information about the thread implementation.", kThreadFields, 3};

// Names of the standard library's modules, as documented for sys.stdlib_module_names.
const char kLibraryNames[] =
#include "vm/modules/sys/library_names.inc"
    ;

Ref<> library_names() {
  Ref<Set> result = frozenset_new();
  if (!result) return Ref<>();
  const char* at = kLibraryNames;
  while (*at) {
    const char* end = std::strchr(at, ' ');
    size_t length = end ? static_cast<size_t>(end - at) : std::strlen(at);
    Ref<Str> name = str_from_ascii({at, length});
    if (!name || !set_add(result.get(), name.value())) return Ref<>();
    at += length + (end ? 1 : 0);
  }
  return result;
}

bool put(Dict* d, const char* name, Ref<> value) { return value && dict_set_text(d, name, value.value()); }
bool put_text(Dict* d, const char* name, const char* text) { return put(d, name, fs_decode(text)); }
bool put_int(Dict* d, const char* name, int64_t value) { return put(d, name, int_from_int64(value)); }

Ref<List> text_list(const char* const* items, int count) {
  Ref<List> list = list_new(count);
  for (int i = 0; list && i < count; ++i) {
    Ref<Str> text = fs_decode(items[i]);
    if (!text || !list_append(list.get(), std::move(text))) return Ref<List>();
  }
  return list;
}

Ref<> make_x_options() {
  Ref<Dict> options = dict_new();
  if (!options) return Ref<>();
  for (int i = 0; i < g_config.x_option_count; ++i) {
    const char* option = g_config.x_options[i];
    const char* equals = std::strchr(option, '=');
    Ref<Str> name = fs_decode({option, equals ? static_cast<size_t>(equals - option) : std::strlen(option)});
    if (!name) return Ref<>();
    Ref<> value = equals ? Ref<>(fs_decode(equals + 1)) : bool_ref(true);
    if (!value || !dict_set(options.get(), name.value(), value.value())) return Ref<>();
  }
  return options;
}

Ref<> make_flags() {
  const RuntimeConfig& c = g_config;
  Value values[] = {Value::small_int(c.debug),
                    Value::small_int(c.inspect),
                    Value::small_int(c.interactive),
                    Value::small_int(c.optimize),
                    Value::small_int(c.dont_write_bytecode),
                    Value::small_int(c.no_user_site),
                    Value::small_int(c.no_site),
                    Value::small_int(c.ignore_environment),
                    Value::small_int(c.verbose),
                    Value::small_int(c.bytes_warning),
                    Value::small_int(c.quiet),
                    Value::small_int(c.hash_randomization),
                    Value::small_int(c.isolated),
                    boolean(c.dev_mode),
                    Value::small_int(c.utf8_mode),
                    Value::small_int(c.warn_default_encoding),
                    boolean(c.safe_path),
                    Value::small_int(c.int_max_str_digits)};
  return structseq_new(&g_flags, values, 18);
}

Ref<> make_float_info() {
  Ref<> max = float_from_double(DBL_MAX), min = float_from_double(DBL_MIN), epsilon = float_from_double(DBL_EPSILON);
  Value values[] = {max.value(),
                    Value::small_int(DBL_MAX_EXP),
                    Value::small_int(DBL_MAX_10_EXP),
                    min.value(),
                    Value::small_int(DBL_MIN_EXP),
                    Value::small_int(DBL_MIN_10_EXP),
                    Value::small_int(DBL_DIG),
                    Value::small_int(DBL_MANT_DIG),
                    epsilon.value(),
                    Value::small_int(FLT_RADIX),
                    Value::small_int(1)};
  return structseq_new(&g_float_info, values, 11);
}

bool put_versions(Dict* d) {
  if (!init_structseq(&g_version_info, &kVersionDef)) return false;
  Value numbers[] = {Value::small_int(3), Value::small_int(11), Value::small_int(2), Value::object(intern("final")),
                     Value::small_int(0)};
  Ref<> version_info = structseq_new(&g_version_info, numbers, 5);
  if (!version_info || !dict_set_text(d, "version_info", version_info.value())) return false;
  Ref<Dict> implementation = dict_new();
  if (!implementation) return false;
  constexpr int64_t kHexVersion = 0x030B02F0;
  if (!put_text(implementation.get(), "name", "ptpython") || !put_text(implementation.get(), "cache_tag", "ptpython-311") ||
      !dict_set_text(implementation.get(), "version", version_info.value()) ||
      !put_int(implementation.get(), "hexversion", kHexVersion) ||
      !put_text(implementation.get(), "_multiarch", "x86_64-linux-gnu")) {
    return false;
  }
  static const char kCompiler[] = "3.11.2 (ptpython 0.1.0, " __DATE__ ", " __TIME__ ") [Clang " __clang_version__ "]";
  char version[sizeof kCompiler];
  std::memcpy(version, kCompiler, sizeof kCompiler);
  // "Clang 19.1.7 (...)": the short form fits the format that tools parse.
  if (char* bracket = std::strstr(version, " [Clang ")) {
    char* end = bracket + 8;
    while (*end && *end != ' ' && *end != ']') ++end;
    end[0] = ']';
    end[1] = 0;
  }
  return put_int(d, "hexversion", kHexVersion) && put_text(d, "version", version) &&
         put(d, "implementation", simple_namespace_new(implementation.get()));
}

}  // namespace

bool sys_add_values(Dict* d) {
  if (!init_simple_namespace() || !init_structseq(&g_flags, &kFlagsDef) || !init_structseq(&g_float_info, &kFloatDef) ||
      !init_structseq(&g_int_info, &kIntDef) || !init_structseq(&g_hash_info, &kHashDef) ||
      !init_structseq(&g_thread_info, &kThreadDef)) {
    return false;
  }
  Value int_values[] = {Value::small_int(30), Value::small_int(4), Value::small_int(4300), Value::small_int(640)};
  Ref<Str> algorithm = str_from_ascii("siphash13");
  Value hash_values[] = {Value::small_int(64),      Value::small_int((int64_t{1} << 61) - 1),
                         Value::small_int(314159),  Value::small_int(0),
                         Value::small_int(1000003), algorithm.value(),
                         Value::small_int(64),      Value::small_int(128),
                         Value::small_int(0)};
  char library_version[64];
  std::strcpy(library_version, "NPTL ");
  std::strncat(library_version, gnu_get_libc_version(), 40);
  Ref<Str> thread_name = str_from_ascii("pthread"), thread_lock = str_from_ascii("semaphore"),
           thread_version = str_from_ascii(library_version);
  if (!algorithm || !thread_name || !thread_lock || !thread_version) return false;
  Value thread_values[] = {thread_name.value(), thread_lock.value(), thread_version.value()};
  Ref<Tuple> git = tuple_of({Value::object(intern("ptpython")), Value::object(intern("")), Value::object(intern(""))});
  bool ok = put_versions(d) && put(d, "flags", make_flags()) && put(d, "float_info", make_float_info()) &&
            put(d, "int_info", structseq_new(&g_int_info, int_values, 4)) &&
            put(d, "hash_info", structseq_new(&g_hash_info, hash_values, 9)) &&
            put(d, "thread_info", structseq_new(&g_thread_info, thread_values, 3)) && put(d, "_git", std::move(git)) &&
            put_int(d, "maxsize", INT64_MAX) && put_int(d, "maxunicode", 0x10FFFF) && put_int(d, "api_version", 1013) &&
            put_text(d, "platform", "linux") && put_text(d, "byteorder", "little") && put_text(d, "float_repr_style", "short") &&
            put_text(d, "abiflags", "") && put_text(d, "_framework", "") && put_text(d, "platlibdir", "lib") &&
            put_text(d, "copyright",
                     "Copyright (c) 2026 the ptpython developers.\nAll Rights Reserved.\n\n"
                     "The standard library: Copyright (c) 2001-2023 Python Software Foundation.\nAll Rights Reserved.");
  if (!ok) return false;
  ok = put(d, "argv", text_list(g_config.argv, g_config.argc)) &&
       put(d, "orig_argv", text_list(g_config.original_argv, g_config.original_argc)) &&
       put(d, "warnoptions", text_list(g_config.warn_options, g_config.warn_option_count)) &&
       put(d, "_xoptions", make_x_options()) && dict_set_text(d, "dont_write_bytecode", boolean(g_config.dont_write_bytecode)) &&
       put(d, "pycache_prefix", g_config.pycache_prefix ? Ref<>(fs_decode(g_config.pycache_prefix)) : none_ref()) &&
       put_text(d, "executable", g_config.executable) && put_text(d, "_base_executable", g_config.executable) &&
       dict_set_text(d, "_home", none()) && put(d, "stdlib_module_names", library_names());
  return ok && sys_add_builtin_names(d);
}

}  // namespace pt
