// What expat calls while it parses: conversion of its arguments and the call of the Python handler.
#include <cstring>

#include "vm/modules/dynamic/pyexpat/parser.h"
#include "vm/types/list.h"
#include "vm/types/str.h"

namespace pt::expat {
namespace {

Ref<> text(const XML_Char* s) { return s ? Ref<>(str_from_utf8(s)) : none_ref(); }
Ref<> text(const XML_Char* s, int length) { return s ? Ref<>(str_from_utf8({s, static_cast<size_t>(length)})) : none_ref(); }
// A name, shared through the intern dict.
Ref<> name(Parser* self, const XML_Char* s) {
  if (!s) return none_ref();
  Ref<Str> made = str_from_utf8(s);
  if (!made || self->intern.peek().empty()) return made;
  return dict_set_default(as_dict(self->intern.peek()), made.value(), made.value());
}

// Nothing more of Python runs in this parse.
void stop(Parser* self) { XML_StopParser(self->parser, XML_FALSE); }

Ref<> call_handler(Parser* self, Handler which, std::initializer_list<Value> arguments) {
  for (Value v : arguments) {
    if (v.empty()) {
      stop(self);
      return Ref<>();
    }
  }
  Ref<> handler = self->handlers[which].load(self);
  if (!handler) return none_ref();
  self->in_callback = true;
  Ref<> result = call(handler.value(), Args{arguments.begin(), static_cast<uint32_t>(arguments.size())});
  self->in_callback = false;
  if (!result) stop(self);
  return result;
}
void notify(Parser* self, Handler which, std::initializer_list<Value> arguments) { call_handler(self, which, arguments).reset(); }
// The parser of a callback, with earlier text delivered; nullptr when the handler must not run.
Parser* ready(void* data) {
  auto* self = static_cast<Parser*>(data);
  if (error_pending()) return nullptr;
  return flush_text(self) ? self : nullptr;
}

void start_element(void* data, const XML_Char* element, const XML_Char** attributes) {
  Parser* self = ready(data);
  if (!self) return;
  int count;
  if (self->specified_attributes) {
    count = XML_GetSpecifiedAttributeCount(self->parser);
  } else {
    count = 0;
    while (attributes[count]) count += 2;
  }
  Ref<List> list = self->ordered_attributes ? list_new(count) : Ref<List>();
  Ref<Dict> dict = self->ordered_attributes ? Ref<Dict>() : dict_new();
  if (!list && !dict) return stop(self);
  for (int i = 0; i < count; i += 2) {
    Ref<> key = name(self, attributes[i]), value = text(attributes[i + 1]);
    bool ok = key && value &&
              (list ? list_append(list.get(), std::move(key)) && list_append(list.get(), std::move(value))
                    : dict_set(dict.get(), key.value(), value.value()));
    if (!ok) return stop(self);
  }
  Ref<> tag = name(self, element);
  notify(self, kStartElementHandler, {tag.value(), list ? list.value() : dict.value()});
}
void end_element(void* data, const XML_Char* element) {
  if (Parser* self = ready(data)) notify(self, kEndElementHandler, {name(self, element).value()});
}
void processing_instruction(void* data, const XML_Char* target, const XML_Char* content) {
  if (Parser* self = ready(data))
    notify(self, kProcessingInstructionHandler, {name(self, target).value(), text(content).value()});
}
void character_data(void* data, const XML_Char* s, int length) {
  auto* self = static_cast<Parser*>(data);
  if (error_pending()) return;
  if (!self->text) {
    notify(self, kCharacterDataHandler, {text(s, length).value()});
    return;
  }
  if (self->text_size + length > self->text_capacity) {
    if (!flush_text(self)) return;
    if (length > self->text_capacity) {
      notify(self, kCharacterDataHandler, {text(s, length).value()});
      return;
    }
  }
  std::memcpy(self->text + self->text_size, s, static_cast<size_t>(length));
  self->text_size += length;
}
void unparsed_entity(void* data, const XML_Char* entity, const XML_Char* base, const XML_Char* system, const XML_Char* pub,
                     const XML_Char* notation) {
  if (Parser* self = ready(data)) {
    notify(self, kUnparsedEntityDeclHandler,
           {name(self, entity).value(), name(self, base).value(), name(self, system).value(), name(self, pub).value(),
            name(self, notation).value()});
  }
}
void notation(void* data, const XML_Char* what, const XML_Char* base, const XML_Char* system, const XML_Char* pub) {
  if (Parser* self = ready(data)) {
    notify(self, kNotationDeclHandler,
           {name(self, what).value(), name(self, base).value(), name(self, system).value(), name(self, pub).value()});
  }
}
void start_namespace(void* data, const XML_Char* prefix, const XML_Char* uri) {
  if (Parser* self = ready(data)) notify(self, kStartNamespaceDeclHandler, {name(self, prefix).value(), name(self, uri).value()});
}
void end_namespace(void* data, const XML_Char* prefix) {
  if (Parser* self = ready(data)) notify(self, kEndNamespaceDeclHandler, {name(self, prefix).value()});
}
void comment(void* data, const XML_Char* s) {
  if (Parser* self = ready(data)) notify(self, kCommentHandler, {text(s).value()});
}
template <Handler kWhich>
void plain(void* data) {
  if (Parser* self = ready(data)) notify(self, kWhich, {});
}
template <Handler kWhich>
void default_data(void* data, const XML_Char* s, int length) {
  if (Parser* self = ready(data)) notify(self, kWhich, {text(s, length).value()});
}
int as_status(Parser* self, const Ref<>& result) {
  int64_t status = 0;
  if (!result) return 0;
  if (!to_int64(result.value(), &status)) {
    stop(self);
    return 0;
  }
  return static_cast<int>(status);
}
int not_standalone(void* data) {
  Parser* self = ready(data);
  return self ? as_status(self, call_handler(self, kNotStandaloneHandler, {})) : 0;
}
int external_entity(XML_Parser parser, const XML_Char* context, const XML_Char* base, const XML_Char* system,
                    const XML_Char* pub) {
  Parser* self = ready(XML_GetUserData(parser));
  if (!self) return 0;
  return as_status(
      self, call_handler(self, kExternalEntityRefHandler,
                         {text(context).value(), name(self, base).value(), name(self, system).value(), name(self, pub).value()}));
}
void start_doctype(void* data, const XML_Char* what, const XML_Char* system, const XML_Char* pub, int internal) {
  if (Parser* self = ready(data)) {
    notify(self, kStartDoctypeDeclHandler,
           {name(self, what).value(), name(self, system).value(), name(self, pub).value(), Value::small_int(internal)});
  }
}
void entity_declaration(void* data, const XML_Char* entity, int parameter, const XML_Char* value, int length,
                        const XML_Char* base, const XML_Char* system, const XML_Char* pub, const XML_Char* notation_name) {
  if (Parser* self = ready(data)) {
    notify(self, kEntityDeclHandler,
           {name(self, entity).value(), Value::small_int(parameter), text(value, length).value(), name(self, base).value(),
            name(self, system).value(), name(self, pub).value(), name(self, notation_name).value()});
  }
}
void xml_declaration(void* data, const XML_Char* version, const XML_Char* encoding, int standalone) {
  if (Parser* self = ready(data))
    notify(self, kXmlDeclHandler, {text(version).value(), text(encoding).value(), Value::small_int(standalone)});
}
Ref<> content_model(Parser* self, const XML_Content* model) {
  RecursionGuard guard(" in conv_content_model");
  if (!guard) return Ref<>();
  Ref<List> list = list_new(model->numchildren);
  for (unsigned i = 0; list && i < model->numchildren; ++i) {
    Ref<> child = content_model(self, &model->children[i]);
    if (!child || !list_append(list.get(), std::move(child))) return Ref<>();
  }
  Ref<Tuple> children = list ? list_to_tuple(list.get()) : Ref<Tuple>();
  if (!children) return Ref<>();
  Ref<> tag = name(self, model->name);
  if (!tag) return Ref<>();
  return tuple_of({Value::small_int(model->type), Value::small_int(model->quant), tag.value(), children.value()});
}
void element_declaration(void* data, const XML_Char* element, XML_Content* model) {
  auto* parser = static_cast<Parser*>(data);
  if (Parser* self = ready(data)) {
    Ref<> described = content_model(self, model), tag = name(self, element);
    notify(self, kElementDeclHandler, {tag.value(), described.value()});
  }
  XML_FreeContentModel(parser->parser, model);
}
void attribute_list(void* data, const XML_Char* element, const XML_Char* attribute, const XML_Char* type,
                    const XML_Char* fallback, int required) {
  if (Parser* self = ready(data)) {
    notify(self, kAttlistDeclHandler,
           {name(self, element).value(), name(self, attribute).value(), text(type).value(), text(fallback).value(),
            Value::small_int(required)});
  }
}
void skipped_entity(void* data, const XML_Char* entity, int parameter) {
  if (Parser* self = ready(data)) notify(self, kSkippedEntityHandler, {name(self, entity).value(), Value::small_int(parameter)});
}

}  // namespace

bool flush_text(Parser* self) {
  if (!self->text || self->text_size == 0) return true;
  int size = self->text_size;
  self->text_size = 0;
  Ref<> data = str_from_utf8({reinterpret_cast<const char*>(self->text), static_cast<size_t>(size)});
  return static_cast<bool>(call_handler(self, kCharacterDataHandler, {data.value()}));
}

void set_expat_handler(Parser* self, Handler which, bool on) {
  XML_Parser p = self->parser;
  switch (which) {
    case kStartElementHandler: return XML_SetStartElementHandler(p, on ? start_element : nullptr);
    case kEndElementHandler: return XML_SetEndElementHandler(p, on ? end_element : nullptr);
    case kProcessingInstructionHandler: return XML_SetProcessingInstructionHandler(p, on ? processing_instruction : nullptr);
    case kCharacterDataHandler:
      // Removed inside of a callback it has to stay, so that the rest of the text does not go to the default handler.
      return XML_SetCharacterDataHandler(p, on || self->in_callback ? character_data : nullptr);
    case kUnparsedEntityDeclHandler: return XML_SetUnparsedEntityDeclHandler(p, on ? unparsed_entity : nullptr);
    case kNotationDeclHandler: return XML_SetNotationDeclHandler(p, on ? notation : nullptr);
    case kStartNamespaceDeclHandler: return XML_SetStartNamespaceDeclHandler(p, on ? start_namespace : nullptr);
    case kEndNamespaceDeclHandler: return XML_SetEndNamespaceDeclHandler(p, on ? end_namespace : nullptr);
    case kCommentHandler: return XML_SetCommentHandler(p, on ? comment : nullptr);
    case kStartCdataSectionHandler: return XML_SetStartCdataSectionHandler(p, on ? plain<kStartCdataSectionHandler> : nullptr);
    case kEndCdataSectionHandler: return XML_SetEndCdataSectionHandler(p, on ? plain<kEndCdataSectionHandler> : nullptr);
    case kDefaultHandler: return XML_SetDefaultHandler(p, on ? default_data<kDefaultHandler> : nullptr);
    case kDefaultHandlerExpand: return XML_SetDefaultHandlerExpand(p, on ? default_data<kDefaultHandlerExpand> : nullptr);
    case kNotStandaloneHandler: return XML_SetNotStandaloneHandler(p, on ? not_standalone : nullptr);
    case kExternalEntityRefHandler: return XML_SetExternalEntityRefHandler(p, on ? external_entity : nullptr);
    case kStartDoctypeDeclHandler: return XML_SetStartDoctypeDeclHandler(p, on ? start_doctype : nullptr);
    case kEndDoctypeDeclHandler: return XML_SetEndDoctypeDeclHandler(p, on ? plain<kEndDoctypeDeclHandler> : nullptr);
    case kEntityDeclHandler: return XML_SetEntityDeclHandler(p, on ? entity_declaration : nullptr);
    case kXmlDeclHandler: return XML_SetXmlDeclHandler(p, on ? xml_declaration : nullptr);
    case kElementDeclHandler: return XML_SetElementDeclHandler(p, on ? element_declaration : nullptr);
    case kAttlistDeclHandler: return XML_SetAttlistDeclHandler(p, on ? attribute_list : nullptr);
    case kSkippedEntityHandler: return XML_SetSkippedEntityHandler(p, on ? skipped_entity : nullptr);
    case kHandlerCount: return;
  }
}

// Encodings of one byte a character, by Python's codecs.
int unknown_encoding(void*, const XML_Char* encoding, XML_Encoding* info) {
  if (error_pending()) return XML_STATUS_ERROR;
  char all[256];
  for (int i = 0; i < 256; ++i) all[i] = static_cast<char>(i);
  Ref<Bytes> bytes = bytes_from({all, 256});
  Ref<Str> codec = str_from_utf8(encoding), replace = str_from_ascii("replace");
  Ref<> decoded = bytes && codec && replace ? call_method(bytes.value(), "decode", {codec.value(), replace.value()}) : Ref<>();
  if (!decoded) return XML_STATUS_ERROR;
  if (!is_str(decoded.value()) || as_str(decoded.value())->length != 256) {
    raise(exc::ValueError, "multi-byte encodings are not supported");
    return XML_STATUS_ERROR;
  }
  for (int i = 0; i < 256; ++i) {
    uint32_t c = as_str(decoded.value())->at(i);
    info->map[i] = c == 0xFFFD ? -1 : static_cast<int>(c);
  }
  info->data = nullptr;
  info->convert = nullptr;
  info->release = nullptr;
  return XML_STATUS_OK;
}

}  // namespace pt::expat
