#include <cstdio>
#include <cstring>
#include <string>

#include "vm/object/error.h"
#include "vm/object/native.h"
#include "vm/runtime/builtins.h"
#include "vm/runtime/runtime.h"
#include "vm/types/dict.h"
#include "vm/types/str.h"

using namespace pt;
static Ref<> p(const Value* a) {
  Ref<> s = str(a[0]);
  if (!s) return s;
  Utf8 u(as_str(s.value()));
  puts(u.ok() ? u.c_str() : "?");
  return none_ref();
}
static const NativeDef kP = {"p", "(x, /)", p};
int main(int argc, char** argv) {
  start_core();
  Ref<Dict> globals = dict_new();
  Ref<> f = native_function_new(&kP, Value(), Value());
  dict_set_text(globals.get(), "p", f.value());
  dict_set_text(globals.get(), "__builtins__", Value::object(builtins_module()));
  dict_set_text(globals.get(), "__name__", Value::object(intern("__main__")));
  char* text = argv[argc - 1];
  std::string buffer;
  if (FILE* file = fopen(text, "r")) {
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) buffer.append(chunk, n);
  } else {
    buffer = text;
  }
  Ref<Str> name = str_from_ascii("<main>");
  Ref<> code = compile_source(buffer, name.get());
  Ref<> result = code ? exec_code(code.value(), globals.get()) : Ref<>();
  if (!result) {
    Ref<> e = take_error();
    Ref<> s = repr(e.value());
    Utf8 u(as_str(s.value()));
    printf("ERROR %s\n", u.c_str());
    return 1;
  }
  return 0;
}
