// The pyexpat module: the parser's methods and attributes, errors, constants.
#include <algorithm>
#include <climits>
#include <cstring>
#include <new>

#include "vm/modules/dynamic/pyexpat/parser.h"
#include "vm/object/attributes.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::expat {
namespace {

constinit Value g_error;  // immortal class
constinit Type parser_type;
constexpr int kDefaultText = 8192;

const char* error_text(int code) {
  const XML_LChar* text = XML_ErrorString(static_cast<XML_Error>(code));
  return text;
}
Raised raise_expat_error(Parser* self, int code) {
  auto line = static_cast<int64_t>(XML_GetErrorLineNumber(self->parser)),
       column = static_cast<int64_t>(XML_GetErrorColumnNumber(self->parser));
  const char* what = error_text(code);
  Ref<Str> text =
      str_format("%s: line %ld, column %ld", what ? what : "unknown error", static_cast<long>(line), static_cast<long>(column));
  Ref<> error = text ? call1(g_error, text.value()) : Ref<>();
  if (!error) return {};
  const std::pair<const char*, int64_t> fields[] = {{"code", code}, {"offset", column}, {"lineno", line}};
  for (auto [field, number] : fields) {
    if (!set_attribute(error.value(), intern(field), Value::small_int(number))) return {};
  }
  return raise_object(error.value());
}

// What a parse gives: 1, or the exception.
Ref<> parse_result(Parser* self, XML_Status status) {
  if (error_pending()) return Ref<>();
  if (status == XML_STATUS_ERROR) return raise_expat_error(self, XML_GetErrorCode(self->parser));
  if (!flush_text(self)) return Ref<>();
  return int_from_int64(status);
}

Ref<> parser_parse(const Value* a) {
  Parser* self = as_parser(a[0]);
  bool final = false;
  if (!to_flag(a[2], &final)) return Ref<>();
  Ref<Bytes> utf8;
  Buffer view;
  const char* data;
  int64_t size;
  bool viewed = false;
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  if (is_str(a[1])) {
    Utf8 text(as_str(a[1]));
    if (!text.ok() || !(utf8 = bytes_from(text.view()))) return Ref<>();
    XML_SetEncoding(self->parser, "utf-8");
    data = reinterpret_cast<const char*>(utf8->data);
    size = utf8->length;
  } else {
    if (!get_buffer(a[1], &view, kBufferSimple)) return Ref<>();
    viewed = true;
    data = static_cast<const char*>(view.data);
    size = view.length;
  }
  XML_Status status = XML_STATUS_OK;
  // expat counts in ints.
  constexpr int64_t kMost = 1 << 20;
  while (size > kMost && status == XML_STATUS_OK) {
    status = XML_Parse(self->parser, data, kMost, 0);
    data += kMost;
    size -= kMost;
    if (error_pending()) break;
  }
  if (status == XML_STATUS_OK && !error_pending()) status = XML_Parse(self->parser, data, static_cast<int>(size), final);
  if (viewed) release_buffer(&view);
  return parse_result(self, status);
}
Ref<> parser_parse_file(const Value* a) {
  Parser* self = as_parser(a[0]);
  Ref<> read = find_attribute(a[1], intern("read"));
  if (!read) return error_pending() ? Ref<>() : Ref<>(raise(exc::TypeError, "argument must have 'read' attribute"));
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  for (;;) {
    Ref<> piece = call1(read.value(), Value::small_int(2048));
    if (!piece) return Ref<>();
    if (!is_bytes(piece.value()) && !is_bytearray(piece.value())) {
      return raise(exc::TypeError, "read() did not return a bytes object (type=%T)", piece.value());
    }
    BufferView view(piece.value());
    if (!view.ok()) return Ref<>();
    if (view.size() > 2048)
      return raise(exc::ValueError, "read() returned too much data: 2048 bytes requested, %ld returned",
                   static_cast<long>(view.size()));
    XML_Status status =
        XML_Parse(self->parser, reinterpret_cast<char*>(view.data()), static_cast<int>(view.size()), view.size() == 0);
    if (error_pending()) return Ref<>();
    if (status == XML_STATUS_ERROR || view.size() == 0) return parse_result(self, status);
  }
}
Ref<> parser_set_base(const Value* a) {
  if (!to_str_argument(a[1], "SetBase", "argument")) return Ref<>();
  Utf8 text(as_str(a[1]));
  if (!text.ok()) return Ref<>();
  return XML_SetBase(as_parser(a[0])->parser, text.c_str()) ? none_ref() : Ref<>(raise_no_memory());
}
Ref<> parser_get_base(const Value* a) {
  const XML_Char* base = XML_GetBase(as_parser(a[0])->parser);
  return base ? Ref<>(str_from_utf8(base)) : none_ref();
}
Ref<> parser_get_input_context(const Value* a) {
  Parser* self = as_parser(a[0]);
  if (!self->in_callback) return none_ref();
  int offset, size;
  const char* buffer = XML_GetInputContext(self->parser, &offset, &size);
  return buffer ? Ref<>(bytes_from({buffer + offset, static_cast<size_t>(size - offset)})) : none_ref();
}
Ref<> parser_external_entity(const Value* a) {
  Parser* self = as_parser(a[0]);
  Ref<Str> context_holder;
  const char* context = nullptr;
  if (!is_none(a[1]) && !to_str_argument(a[1], "ExternalEntityParserCreate", "argument 1")) return Ref<>();
  Utf8 context_text(is_none(a[1]) ? empty_str() : as_str(a[1])),
      encoding(given(a[2]) && is_str(a[2]) ? as_str(a[2]) : empty_str());
  if (!context_text.ok() || !encoding.ok()) return Ref<>();
  if (!is_none(a[1])) context = context_text.c_str();
  OwnedGuard guard(self->lock);
  if (!guard) return Ref<>();
  Ref<Parser> made = parser_new();
  if (!made) return Ref<>();
  made->parser = XML_ExternalEntityParserCreate(self->parser, context, given(a[2]) ? encoding.c_str() : nullptr);
  if (!made->parser) return raise_no_memory();
  XML_SetUserData(made->parser, made.get());
  made->ordered_attributes = self->ordered_attributes;
  made->specified_attributes = self->specified_attributes;
  made->namespace_prefixes = self->namespace_prefixes;
  made->parent.init(Ref<>::retain(a[0]));
  if (!self->intern.peek().empty()) made->intern.init(self->intern.load(self));
  if (self->text) {
    made->text = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(self->text_capacity)));
    if (!made->text) return raise_no_memory();
    made->text_capacity = self->text_capacity;
  }
  for (int i = 0; i < kHandlerCount; ++i) {
    Ref<> handler = self->handlers[i].load(self);
    if (!handler) continue;
    made->handlers[i].init(std::move(handler));
    set_expat_handler(made.get(), static_cast<Handler>(i), true);
  }
  return made;
}
Ref<> parser_param_entity_parsing(const Value* a) {
  int flag;
  if (!to_cint(a[1], &flag)) return Ref<>();
  return int_from_int64(XML_SetParamEntityParsing(as_parser(a[0])->parser, static_cast<XML_ParamEntityParsing>(flag)));
}
Ref<> parser_use_foreign_dtd(const Value* a) {
  bool flag = true;
  if (!to_flag(a[1], &flag)) return Ref<>();
  XML_Error code = XML_UseForeignDTD(as_parser(a[0])->parser, flag);
  return code == XML_ERROR_NONE ? none_ref() : Ref<>(raise_expat_error(as_parser(a[0]), code));
}

// ---- attributes
// -----------------------------------------------------------------------------------------------------------------

template <Handler kWhich>
Ref<> get_handler(Value v) {
  Ref<> handler = as_parser(v)->handlers[kWhich].load(v.as_object());
  return handler ? std::move(handler) : none_ref();
}
template <Handler kWhich>
bool set_handler(Value v, Value value) {
  Parser* self = as_parser(v);
  if (value.empty()) return raise(exc::RuntimeError, "Cannot delete attribute");
  OwnedGuard guard(self->lock);
  if (!guard) return false;
  // Text that came before belongs to the old handler.
  if (kWhich == kCharacterDataHandler && !flush_text(self)) return false;
  self->handlers[kWhich].store(self, is_none(value) ? Ref<>() : Ref<>::retain(value));
  set_expat_handler(self, kWhich, !is_none(value));
  return true;
}
template <bool Parser::* kField>
Ref<> get_bool(Value v) {
  return bool_ref(as_parser(v)->*kField);
}
template <bool Parser::* kField>
bool set_bool(Value v, Value value) {
  if (value.empty()) return raise(exc::RuntimeError, "Cannot delete attribute");
  return to_bool(value, &(as_parser(v)->*kField));
}
bool set_prefixes(Value v, Value value) {
  if (!set_bool<&Parser::namespace_prefixes>(v, value)) return false;
  XML_SetReturnNSTriplet(as_parser(v)->parser, as_parser(v)->namespace_prefixes);
  return true;
}
Ref<> get_buffer_text(Value v) { return bool_ref(as_parser(v)->text != nullptr); }
bool set_buffer_text(Value v, Value value) {
  Parser* self = as_parser(v);
  bool on;
  if (value.empty()) return raise(exc::RuntimeError, "Cannot delete attribute");
  if (!to_bool(value, &on)) return false;
  OwnedGuard guard(self->lock);
  if (!guard) return false;
  if (on && !self->text) {
    self->text = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(self->text_capacity)));
    if (!self->text) return raise_no_memory();
    self->text_size = 0;
  } else if (!on && self->text) {
    if (!flush_text(self)) return false;
    memory::release(self->text);
    self->text = nullptr;
  }
  return true;
}
Ref<> get_buffer_size(Value v) { return int_from_int64(as_parser(v)->text_capacity); }
Ref<> get_buffer_used(Value v) { return int_from_int64(as_parser(v)->text_size); }
bool set_buffer_size(Value v, Value value) {
  Parser* self = as_parser(v);
  if (value.empty()) return raise(exc::RuntimeError, "Cannot delete attribute");
  if (!is_int(value)) return raise(exc::TypeError, "buffer_size must be an integer");
  int64_t size;
  if (!int_to_int64(value, &size)) return raise(exc::OverflowError, "Python int too large to convert to C long");
  if (size <= 0) return raise(exc::ValueError, "buffer_size must be greater than zero");
  if (size > INT_MAX) return raise(exc::ValueError, "buffer_size must not be greater than %d", INT_MAX);
  OwnedGuard guard(self->lock);
  if (!guard) return false;
  if (self->text) {
    if (!flush_text(self)) return false;
    auto* fresh = static_cast<uint8_t*>(memory::allocate(static_cast<size_t>(size)));
    if (!fresh) return raise_no_memory();
    memory::release(self->text);
    self->text = fresh;
  }
  self->text_capacity = static_cast<int>(size);
  return true;
}
Ref<> get_intern(Value v) {
  Ref<> dict = as_parser(v)->intern.load(v.as_object());
  return dict ? std::move(dict) : none_ref();
}
template <auto Function>
Ref<> get_number(Value v) {
  return int_from_int64(static_cast<int64_t>(Function(as_parser(v)->parser)));
}

const NativeDef kMethods[] = {
    {"Parse", "($self, data, isfinal=False, /)", parser_parse, "Parse XML data."},
    {"ParseFile", "($self, file, /)", parser_parse_file, "Parse XML data from file-like object."},
    {"SetBase", "($self, base, /)", parser_set_base, "Set the base URL for the parser."},
    {"GetBase", "($self, /)", parser_get_base, "Return base URL string for the parser."},
    {"GetInputContext", "($self, /)", parser_get_input_context,
     "Return the untranslated text of the input that caused the current event."},
    {"ExternalEntityParserCreate", "($self, context, encoding=None, /)", parser_external_entity,
     "Create a parser for parsing an external entity."},
    {"SetParamEntityParsing", "($self, flag, /)", parser_param_entity_parsing, "Controls parsing of parameter entities."},
    {"UseForeignDTD", "($self, flag=True, /)", parser_use_foreign_dtd,
     "Allows the application to provide an artificial external subset."},
    {}};
const GetSetDef kGetSets[] = {
#define X(name) {#name, get_handler<k##name>, set_handler<k##name>},
    PT_EXPAT_HANDLERS(X)
#undef X
        {"ordered_attributes", get_bool<&Parser::ordered_attributes>, set_bool<&Parser::ordered_attributes>},
    {"specified_attributes", get_bool<&Parser::specified_attributes>, set_bool<&Parser::specified_attributes>},
    {"namespace_prefixes", get_bool<&Parser::namespace_prefixes>, set_prefixes},
    {"buffer_text", get_buffer_text, set_buffer_text},
    {"buffer_size", get_buffer_size, set_buffer_size},
    {"buffer_used", get_buffer_used},
    {"intern", get_intern},
    {"ErrorCode", get_number<XML_GetErrorCode>},
    {"ErrorLineNumber", get_number<XML_GetCurrentLineNumber>},
    {"ErrorColumnNumber", get_number<XML_GetCurrentColumnNumber>},
    {"ErrorByteIndex", get_number<XML_GetCurrentByteIndex>},
    {"CurrentLineNumber", get_number<XML_GetCurrentLineNumber>},
    {"CurrentColumnNumber", get_number<XML_GetCurrentColumnNumber>},
    {"CurrentByteIndex", get_number<XML_GetCurrentByteIndex>},
    {}};
void traverse(Object* o, FieldVisitor& visitor) {
  auto* self = static_cast<Parser*>(o);
  for (Field& handler : self->handlers) visitor(handler);
  visitor(self->intern);
  visitor(self->parent);
}
void clear(Object* o) {
  auto* self = static_cast<Parser*>(o);
  for (Field& handler : self->handlers) handler.exchange_locked(Ref<>()).reset();
  self->intern.exchange_locked(Ref<>()).reset();
}
void destroy(Object* o) {
  auto* self = static_cast<Parser*>(o);
  if (self->parser) XML_ParserFree(self->parser);
  self->parser = nullptr;
  memory::release(self->text);
  self->text = nullptr;
  clear(o);
  self->parent.exchange_locked(Ref<>()).reset();
}
const TypeSpec kSpec = {.name = "pyexpat.xmlparser",
                        .size = sizeof(Parser),
                        .flags = kTypeNoInstantiate,
                        .traverse = traverse,
                        .clear = clear,
                        .destroy = destroy,
                        .methods = kMethods,
                        .getsets = kGetSets,
                        .doc = "XML parser"};

// ---- functions
// ------------------------------------------------------------------------------------------------------------------

bool optional_text(Value v, const char* argument, Ref<Bytes>* out) {
  if (!given(v)) return true;
  if (!is_str(v)) return raise(exc::TypeError, "ParserCreate() argument '%s' must be str or None, not %T", argument, v);
  Utf8 text(as_str(v));
  if (!text.ok()) return false;
  *out = bytes_from(text.view());
  return static_cast<bool>(*out);
}
Ref<> parser_create(const Value* a) {
  Ref<Bytes> encoding, separator;
  if (!optional_text(a[0], "encoding", &encoding) || !optional_text(a[1], "namespace_separator", &separator)) return Ref<>();
  if (separator && separator->length > 1)
    return raise(exc::ValueError, "namespace_separator must be at most one character, omitted, or None");
  Ref<> intern_dict;
  if (a[2].empty()) {
    if (!(intern_dict = dict_new())) return Ref<>();
  } else if (!is_none(a[2])) {
    if (!is_dict(a[2])) return raise(exc::TypeError, "intern must be a dictionary");
    intern_dict = Ref<>::retain(a[2]);
  }
  Ref<Parser> self = parser_new();
  if (!self) return Ref<>();
  const char* encoding_text = encoding ? reinterpret_cast<char*>(encoding->data) : nullptr;
  self->parser = separator ? XML_ParserCreateNS(encoding_text, static_cast<char>(separator->length ? separator->data[0] : 0))
                           : XML_ParserCreate(encoding_text);
  if (!self->parser) return raise_no_memory();
  XML_SetUserData(self->parser, self.get());
  XML_SetUnknownEncodingHandler(self->parser, unknown_encoding, nullptr);
  uint64_t salt;
  // Against attacks on expat's hash tables.
  Ref<Str> seed = str_from_ascii("expat");
  salt = seed ? static_cast<uint64_t>(str_hash(seed.get())) : 1;
  XML_SetHashSalt(self->parser, static_cast<unsigned long>(salt));
  if (intern_dict) self->intern.init(std::move(intern_dict));
  return self;
}
Ref<> error_string(const Value* a) {
  int64_t code;
  if (!to_int64(a[0], &code)) return Ref<>();
  const char* text = error_text(static_cast<int>(code));
  return text ? Ref<>(str_from_utf8(text)) : none_ref();
}
const NativeDef kFunctions[] = {
    {"ParserCreate", "(encoding=None, namespace_separator=None, intern=None)", parser_create, "Return a new XML parser object."},
    {"ErrorString", "(code, /)", error_string, "Returns string error for given number."},
    {}};

#define E(name) {#name, name}
const IntConstant kErrors[] = {E(XML_ERROR_NO_MEMORY),
                               E(XML_ERROR_SYNTAX),
                               E(XML_ERROR_NO_ELEMENTS),
                               E(XML_ERROR_INVALID_TOKEN),
                               E(XML_ERROR_UNCLOSED_TOKEN),
                               E(XML_ERROR_PARTIAL_CHAR),
                               E(XML_ERROR_TAG_MISMATCH),
                               E(XML_ERROR_DUPLICATE_ATTRIBUTE),
                               E(XML_ERROR_JUNK_AFTER_DOC_ELEMENT),
                               E(XML_ERROR_PARAM_ENTITY_REF),
                               E(XML_ERROR_UNDEFINED_ENTITY),
                               E(XML_ERROR_RECURSIVE_ENTITY_REF),
                               E(XML_ERROR_ASYNC_ENTITY),
                               E(XML_ERROR_BAD_CHAR_REF),
                               E(XML_ERROR_BINARY_ENTITY_REF),
                               E(XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF),
                               E(XML_ERROR_MISPLACED_XML_PI),
                               E(XML_ERROR_UNKNOWN_ENCODING),
                               E(XML_ERROR_INCORRECT_ENCODING),
                               E(XML_ERROR_UNCLOSED_CDATA_SECTION),
                               E(XML_ERROR_EXTERNAL_ENTITY_HANDLING),
                               E(XML_ERROR_NOT_STANDALONE),
                               E(XML_ERROR_UNEXPECTED_STATE),
                               E(XML_ERROR_ENTITY_DECLARED_IN_PE),
                               E(XML_ERROR_FEATURE_REQUIRES_XML_DTD),
                               E(XML_ERROR_CANT_CHANGE_FEATURE_ONCE_PARSING),
                               E(XML_ERROR_UNBOUND_PREFIX),
                               E(XML_ERROR_UNDECLARING_PREFIX),
                               E(XML_ERROR_INCOMPLETE_PE),
                               E(XML_ERROR_XML_DECL),
                               E(XML_ERROR_TEXT_DECL),
                               E(XML_ERROR_PUBLICID),
                               E(XML_ERROR_SUSPENDED),
                               E(XML_ERROR_NOT_SUSPENDED),
                               E(XML_ERROR_ABORTED),
                               E(XML_ERROR_FINISHED),
                               E(XML_ERROR_SUSPEND_PE),
                               E(XML_ERROR_RESERVED_PREFIX_XML),
                               E(XML_ERROR_RESERVED_PREFIX_XMLNS),
                               E(XML_ERROR_RESERVED_NAMESPACE_URI),
                               E(XML_ERROR_INVALID_ARGUMENT),
                               E(XML_ERROR_NO_BUFFER),
                               E(XML_ERROR_AMPLIFICATION_LIMIT_BREACH),
                               {}};
const IntConstant kModel[] = {E(XML_CTYPE_EMPTY),
                              E(XML_CTYPE_ANY),
                              E(XML_CTYPE_MIXED),
                              E(XML_CTYPE_NAME),
                              E(XML_CTYPE_CHOICE),
                              E(XML_CTYPE_SEQ),
                              E(XML_CQUANT_NONE),
                              E(XML_CQUANT_OPT),
                              E(XML_CQUANT_REP),
                              E(XML_CQUANT_PLUS),
                              {}};
const IntConstant kConstants[] = {
    E(XML_PARAM_ENTITY_PARSING_NEVER), E(XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE), E(XML_PARAM_ENTITY_PARSING_ALWAYS), {}};
#undef E

// A module "pyexpat.<name>", in sys.modules as well.
Ref<Module> submodule(Module* parent, const char* full, const char* short_name, const char* doc) {
  Ref<Str> text = str_from_ascii(full);
  Ref<Module> made = text ? module_new(text.get()) : Ref<Module>();
  Ref<> modules = made ? sys_get("modules") : Ref<>();
  if (!modules || !module_add_text(made.get(), "__doc__", doc) ||
      !dict_set(as_dict(modules.value()), text.value(), made.value()) ||
      !dict_set_text(module_dict(parent), short_name, made.value())) {
    return Ref<Module>();
  }
  return made;
}
bool add_errors(Module* parent) {
  Ref<Module> errors = submodule(parent, "pyexpat.errors", "errors", "Constants used to describe error conditions.");
  Ref<Dict> codes = dict_new(), messages = dict_new();
  if (!errors || !codes || !messages) return false;
  for (const IntConstant* e = kErrors; e->name; ++e) {
    const char* what = error_text(static_cast<int>(e->value));
    Ref<Str> text = str_from_utf8(what ? what : "");
    if (!text || !dict_set_text(module_dict(errors.get()), e->name, text.value()) ||
        !dict_set(codes.get(), text.value(), Value::small_int(e->value)) ||
        !dict_set(messages.get(), Value::small_int(e->value), text.value())) {
      return false;
    }
  }
  return module_add(errors.get(), "codes", std::move(codes)) && module_add(errors.get(), "messages", std::move(messages));
}
bool add_features(Module* module) {
  Ref<List> list = list_new();
  for (const XML_Feature* f = XML_GetFeatureList(); list && f->feature != XML_FEATURE_END; ++f) {
    Ref<Str> text = str_from_utf8(f->name);
    Ref<> pair = text ? Ref<>(tuple_of({text.value(), Value::small_int(f->value)})) : Ref<>();
    if (!pair || !list_append(list.get(), std::move(pair))) return false;
  }
  return module_add(module, "features", std::move(list));
}
bool execute(Module* module) {
  if (!parser_type.spec && !init_module_type(&parser_type, &kSpec)) return false;
  if (!add_exception(module, &g_error, "xml.parsers.expat.ExpatError", "ExpatError", Value::object(exc::Exception))) return false;
  XML_Expat_Version version = XML_ExpatVersionInfo();
  Ref<Module> model = submodule(module, "pyexpat.model", "model", "Constants used to interpret content model information.");
  return model && module_add_ints(model.get(), kModel) && add_errors(module) && add_features(module) &&
         module_add_ints(module, kConstants) && dict_set_text(module_dict(module), "error", g_error) &&
         dict_set_text(module_dict(module), "XMLParserType", Value::object(&parser_type)) &&
         module_add_text(module, "EXPAT_VERSION", XML_ExpatVersion()) && module_add_text(module, "native_encoding", "UTF-8") &&
         module_add(
             module, "version_info",
             tuple_of({Value::small_int(version.major), Value::small_int(version.minor), Value::small_int(version.micro)}));
}

}  // namespace

Ref<Parser> parser_new() {
  Ref<Parser> self = allocate<Parser>(&parser_type);
  if (!self) return self;
  new (&self->lock) OwnedLock;
  self->text_capacity = kDefaultText;
  return self;
}

extern "C" {
extern const NativeModule ptpython_module_pyexpat;
const NativeModule ptpython_module_pyexpat = {"pyexpat", "Python wrapper for Expat parser.", kFunctions, execute};
}

}  // namespace pt::expat
