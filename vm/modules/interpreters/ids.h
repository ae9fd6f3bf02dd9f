#pragma once
// InterpreterID and ChannelID: objects that stand for an id and count as an int.
#include "vm/modules/interpreters/channels.h"
#include "vm/object/interpreter.h"
#include "vm/object/type.h"

namespace pt::interpreters {

// The id an argument names: an object of `type`, or an int that is not negative. `what` is for messages.
bool to_id(Value v, const Type* type, const char* what, int64_t* out);
// == and != of an id object; `other` is no object of the same type.
Ref<> compare_id(int64_t id, Value other, CompareOp op);

extern Type interpreter_id_type;
extern const TypeSpec interpreter_id_spec;
// An InterpreterID, which keeps the interpreter (nullptr: there is none) from ending by itself.
Ref<> interpreter_id_new(int64_t id, Interpreter* interpreter);
// The interpreter an argument names; empty with RuntimeError when there is none.
InterpreterRef to_interpreter(Value v);

struct ChannelId : Object {
  int64_t id;
  ChannelEnd end;
  bool counted;  // it keeps the channel
  bool resolve;  // who receives it gets an object of test.support.interpreters
};
extern Type channel_id_type;
extern const TypeSpec channel_id_spec;
inline bool is_channel_id(Value v) { return type_of(v) == &channel_id_type; }
inline ChannelId* as_channel_id(Value v) { return reinterpret_cast<ChannelId*>(v.as_object()); }
// ChannelNotFoundError, unless `force`.
Ref<> channel_id_new(int64_t id, ChannelEnd end, bool force, bool resolve);
bool to_channel(Value v, int64_t* out);

}  // namespace pt::interpreters
