// The _io module: open() and friends.
#include <cstring>

#include "gc/collector/introspect.h"
#include "vm/modules/io/io.h"
#include "vm/modules/sys/config.h"
#include "vm/modules/sys/sys.h"
#include "vm/types/dict.h"

namespace pt {

bool init_bytesio_view();

namespace {

constinit Value g_unsupported;  // io.UnsupportedOperation; immortal
constinit Name kIsatty("isatty");

bool make_unsupported() {
  if (!g_unsupported.empty()) return true;
  Ref<Str> name = str_from_ascii("UnsupportedOperation"), module_name = str_from_ascii("io");
  Ref<Tuple> bases = tuple_of({Value::object(exc::OSError), Value::object(exc::ValueError)});
  Ref<Dict> ns = dict_new();
  if (!name || !module_name || !bases || !ns || !dict_set_str(ns.get(), names::module.str(), module_name.value())) return false;
  Ref<> made = call_values(Value::object(&type_type), {name.value(), bases.value(), ns.value()});
  if (!made) return false;
  make_immortal(made.value().as_object());
  g_unsupported = made.take();
  return true;
}

struct OpenMode {
  bool creating = false, reading = false, writing = false, appending = false, updating = false, text = false, binary = false;
};

bool parse_open_mode(Value v, OpenMode* mode) {
  if (v.empty()) {
    mode->reading = true;
    return true;
  }
  if (!is_str(v)) return raise(exc::TypeError, "open() argument 'mode' must be str, not %T", v);
  Str* s = as_str(v);
  for (int64_t i = 0; i < s->length; ++i) {
    uint32_t c = s->at(i);
    bool* flag = c == 'x'   ? &mode->creating
                 : c == 'r' ? &mode->reading
                 : c == 'w' ? &mode->writing
                 : c == 'a' ? &mode->appending
                 : c == '+' ? &mode->updating
                 : c == 't' ? &mode->text
                 : c == 'b' ? &mode->binary
                            : nullptr;
    if (!flag || *flag) return raise(exc::ValueError, "invalid mode: '%U'", s);
    *flag = true;
  }
  return true;
}

// Closes what was opened, keeping the pending exception.
Ref<> abandon(Ref<> file) {
  Ref<> error = take_error();
  Ref<> closed = call_method(file.value(), names::close_.str());
  if (!closed) {
    Ref<> later = take_error();
    set_exception_context(later.value(), error.value());
    restore_error(std::move(later));
  } else {
    restore_error(std::move(error));
  }
  return Ref<>();
}

Ref<> io_open(const Value* a) {
  Value file = a[0], mode_value = a[1], encoding = a[3], errors = a[4], newline = a[5], opener = a[7];
  int buffering = -1;
  bool close_fd = true;
  if (!to_cint(a[2], &buffering) || !to_flag(a[6], &close_fd)) return Ref<>();
  Ref<> path = is_int(file) ? Ref<>::retain(file) : Ref<>();
  if (!path) {
    // Integers by __index__ count as descriptors, everything else names a file.
    Ref<> fs = fspath(file);
    if (!fs) {
      if (!pending_matches(exc::TypeError)) return Ref<>();
      Ref<> error = take_error();
      Ref<> number = lookup_special(file, names::index.str());
      if (!number) {
        clear_error();
        return raise(exc::TypeError, "expected str, bytes or os.PathLike object, not %N", type_of(file));
      }
      fs = index(file);
      if (!fs) return Ref<>();
    }
    path = std::move(fs);
  }
  OpenMode mode;
  if (!parse_open_mode(mode_value, &mode)) return Ref<>();
  if (mode.text && mode.binary) return raise(exc::ValueError, "can't have text and binary mode at once");
  if (mode.creating + mode.reading + mode.writing + mode.appending != 1) {
    return raise(exc::ValueError, "must have exactly one of create/read/write/append mode");
  }
  if (mode.binary) {
    if (given(encoding)) return raise(exc::ValueError, "binary mode doesn't take an encoding argument");
    if (given(errors)) return raise(exc::ValueError, "binary mode doesn't take an errors argument");
    if (given(newline)) return raise(exc::ValueError, "binary mode doesn't take a newline argument");
    if (buffering == 1 &&
        !warn(exc::RuntimeWarning, 1,
              "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used")) {
      return Ref<>();
    }
  } else if (!given(encoding) && g_config.warn_default_encoding) {
    if (!warn(exc::EncodingWarning, 1, "'encoding' argument not specified")) return Ref<>();
  }
  char raw_mode[8];
  int n = 0;
  if (mode.creating) raw_mode[n++] = 'x';
  if (mode.reading) raw_mode[n++] = 'r';
  if (mode.writing) raw_mode[n++] = 'w';
  if (mode.appending) raw_mode[n++] = 'a';
  if (mode.updating) raw_mode[n++] = '+';
  raw_mode[n] = 0;
  Ref<Str> raw_mode_text = str_from_ascii(raw_mode);
  if (!raw_mode_text) return Ref<>();
  Ref<> raw = call_values(Value::object(&fileio_type),
                          {path.value(), raw_mode_text.value(), boolean(close_fd), opener.empty() ? none() : opener});
  if (!raw) return Ref<>();
  bool terminal = false;
  if (buffering < 0) {
    Ref<> answer = call_method(raw.value(), kIsatty.str());
    int is = answer ? truth(answer.value()) : -1;
    if (is < 0) return abandon(std::move(raw));
    terminal = is;
  }
  bool line_buffering = false;
  if (buffering == 1 && mode.binary)
    buffering = -1;
  else if (buffering == 1 || terminal) {
    buffering = -1;
    line_buffering = true;
  }
  if (buffering < 0) {
    buffering = as_fileio(raw.value())->block_size;
    if (buffering <= 1) buffering = kDefaultBufferSize;
  }
  if (buffering == 0) {
    if (mode.binary) return raw;
    raise(exc::ValueError, "can't have unbuffered text I/O");
    return abandon(std::move(raw));
  }
  Type* buffered = mode.updating                                     ? &buffered_random_type
                   : mode.creating || mode.writing || mode.appending ? &buffered_writer_type
                                                                     : &buffered_reader_type;
  Ref<> buffer = call_values(Value::object(buffered), {raw.value(), Value::small_int(buffering)});
  if (!buffer) return abandon(std::move(raw));
  if (mode.binary) return buffer;
  Ref<> text = call_values(Value::object(&textio_type),
                           {buffer.value(), encoding.empty() ? none() : encoding, errors.empty() ? none() : errors,
                            newline.empty() ? none() : newline, boolean(line_buffering), boolean(false)});
  if (!text) return abandon(std::move(buffer));
  Ref<> shown_mode = mode_value.empty() ? Ref<>(str_from_ascii("r")) : Ref<>::retain(mode_value);
  if (!shown_mode || !set_attribute(text.value(), names::mode_.str(), shown_mode.value())) return abandon(std::move(text));
  return text;
}

Ref<> io_open_code(const Value* a) {
  if (!is_str(a[0])) return raise(exc::TypeError, "open_code() argument 'path' must be str, not %T", a[0]);
  Ref<Str> mode = str_from_ascii("rb");
  Value values[8] = {a[0], mode.value()};
  return mode ? io_open(values) : Ref<>();
}

Ref<> io_text_encoding(const Value* a) {
  if (given(a[0])) return Ref<>::retain(a[0]);
  int level = 2;
  if (!to_cint(a[1], &level)) return Ref<>();
  if (g_config.warn_default_encoding && !warn(exc::EncodingWarning, level, "'encoding' argument not specified")) return Ref<>();
  return str_from_ascii(g_config.utf8_mode ? "utf-8" : "locale");
}

const NativeDef kFunctions[] = {
    {"open", "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)", io_open,
     "Open file and return a stream.  Raise OSError upon failure."},
    {"text_encoding", "(encoding, stacklevel=2, /)", io_text_encoding, "A helper function to choose the text encoding."},
    {"open_code", "(path)", io_open_code, "Opens the provided file with the intent to import the contents."},
    {},
};

bool io_execute(Module* module) {
  Dict* d = module_dict(module);
  if (!make_unsupported() || !init_bytesio_view()) return false;
  if (!dict_set_text(d, "UnsupportedOperation", g_unsupported) ||
      !dict_set_text(d, "BlockingIOError", Value::object(exc::BlockingIOError)) ||
      !module_add_int(module, "DEFAULT_BUFFER_SIZE", kDefaultBufferSize)) {
    return false;
  }
  struct Entry {
    Type* type;
    const TypeSpec* spec;
  };
  for (const Entry& e :
       {Entry{&iobase_type, &iobase_spec}, Entry{&rawiobase_type, &rawiobase_spec},
        Entry{&bufferediobase_type, &bufferediobase_spec}, Entry{&textiobase_type, &textiobase_spec},
        Entry{&fileio_type, &fileio_spec}, Entry{&bytesio_type, &bytesio_spec}, Entry{&stringio_type, &stringio_spec},
        Entry{&newline_decoder_type, &newline_decoder_spec}, Entry{&buffered_reader_type, &buffered_reader_spec},
        Entry{&buffered_writer_type, &buffered_writer_spec}, Entry{&buffered_pair_type, &buffered_pair_spec},
        Entry{&buffered_random_type, &buffered_random_spec}, Entry{&textio_type, &textio_spec}}) {
    if (!module_add_type(module, e.type, e.spec)) return false;
  }
  return true;
}

}  // namespace

Type* unsupported_operation() { return reinterpret_cast<Type*>(g_unsupported.as_object()); }

void flush_open_files() {
  ValueList files;
  // Text first: it goes into the buffer below.
  for (bool text : {true, false}) {
    auto wanted = text ? +[](const Object* o) { return o->shape()->type == &textio_type; } : +[](const Object* o) {
      return o->shape()->type == &buffered_writer_type || o->shape()->type == &buffered_random_type;
    };
    if (!objects_where(wanted, files)) return;
    for (size_t i = 0; i < files.size(); ++i) {
      Ref<> flushed = call_method(files[i], names::flush_.str());
      if (!flushed) clear_error();
    }
    files.clear();
  }
}

extern const NativeModule io_module;
const NativeModule io_module = {"_io", "The io module provides the Python interfaces to stream handling.", kFunctions,
                                io_execute};
}  // namespace pt
