#pragma once
// pyexpat's parser object.
#include <expat.h>

#include "vm/modules/dynamic/support/dynamic.h"
#include "vm/modules/io/io.h"

namespace pt::expat {

// The handlers, in the order of Parser::handlers: name of the attribute, and the function that tells expat of it.
// clang-format off
#define PT_EXPAT_HANDLERS(X)                                                                                                    \
  X(StartElementHandler) X(EndElementHandler) X(ProcessingInstructionHandler) X(CharacterDataHandler) X(UnparsedEntityDeclHandler)  \
  X(NotationDeclHandler) X(StartNamespaceDeclHandler) X(EndNamespaceDeclHandler) X(CommentHandler) X(StartCdataSectionHandler)      \
  X(EndCdataSectionHandler) X(DefaultHandler) X(DefaultHandlerExpand) X(NotStandaloneHandler) X(ExternalEntityRefHandler)           \
  X(StartDoctypeDeclHandler) X(EndDoctypeDeclHandler) X(EntityDeclHandler) X(XmlDeclHandler) X(ElementDeclHandler)                  \
  X(AttlistDeclHandler) X(SkippedEntityHandler)
// clang-format on
enum Handler {
#define X(name) k##name,
  PT_EXPAT_HANDLERS(X)
#undef X
      kHandlerCount
};

// Guarded by `lock`, which Parse holds while handlers run: a handler may use its own parser.
struct Parser : Object {
  OwnedLock lock;
  XML_Parser parser;
  Field handlers[kHandlerCount];  // empty: none
  Field intern;                   // a dict, or empty
  Field parent;                   // of a parser of an external entity: keeps the parent's expat parser alive
  bool ordered_attributes, specified_attributes, namespace_prefixes, in_callback;
  uint8_t* text;                  // buffered character data; nullptr: not buffering
  int text_size, text_capacity;
};
inline Parser* as_parser(Value v) { return reinterpret_cast<Parser*>(v.as_object()); }

// Tells expat to call our function for the handler, or none.
void set_expat_handler(Parser* self, Handler which, bool on);
// Passes buffered character data to its handler. False with an exception pending.
bool flush_text(Parser* self);
int unknown_encoding(void* data, const XML_Char* name, XML_Encoding* info);
Ref<Parser> parser_new();

}  // namespace pt::expat
