#include "vm/modules/interpreters/ids.h"
#include "vm/modules/interpreters/interpreters.h"
#include "vm/object/constants.h"
#include "vm/object/protocol.h"
#include "vm/types/int.h"
#include "vm/types/str.h"

namespace pt::interpreters {

constinit Type channel_id_type;

namespace {

Ref<> to_int(Value v) { return int_from_int64(as_channel_id(v)->id); }
Ref<> shown(Value v) {
  constexpr const char* kEnds[] = {"", ", send=True", ", recv=True"};
  return str_format("ChannelID(%ld%s)", as_channel_id(v)->id, kEnds[static_cast<int>(as_channel_id(v)->end)]);
}
Ref<> text(Value v) { return str_format("%ld", as_channel_id(v)->id); }
int64_t hashed(Value v) {
  Ref<> number = to_int(v);
  return number ? hash(number.value()) : -1;
}
Ref<> compared(Value a, Value b, CompareOp op) {
  if (!is_channel_id(b)) return compare_id(as_channel_id(a)->id, b, op);
  if (op != CompareOp::kEq && op != CompareOp::kNe) return not_implemented_ref();
  bool same = as_channel_id(a)->id == as_channel_id(b)->id && as_channel_id(a)->end == as_channel_id(b)->end;
  return bool_ref(same == (op == CompareOp::kEq));
}

Ref<> get_end(Value v) {
  constexpr const char* kEnds[] = {"both", "send", "recv"};
  return str_from_ascii(kEnds[static_cast<int>(as_channel_id(v)->end)]);
}
template <ChannelEnd kEnd>
Ref<> end_of(Value v) {
  return channel_id_new(as_channel_id(v)->id, kEnd, true, as_channel_id(v)->resolve);
}

void destroy(Object* o) {
  auto* self = static_cast<ChannelId*>(o);
  if (self->counted) channel_count_down(self->id);
}

constexpr Slots id_slots() {
  Slots s{};
  s.unary[static_cast<int>(UnaryOp::kInt)] = to_int;
  s.unary[static_cast<int>(UnaryOp::kIndex)] = to_int;
  s.hash = hashed;
  s.compare = compared;
  s.repr = shown;
  s.str = text;
  return s;
}
const GetSetDef kGetSets[] = {{"send", end_of<ChannelEnd::kSend>, nullptr, "the same channel, to send"},
                              {"recv", end_of<ChannelEnd::kReceive>, nullptr, "the same channel, to receive"},
                              {"end", get_end, nullptr, "'send', 'recv', or 'both'"},
                              {}};

}  // namespace

const TypeSpec channel_id_spec = {.name = "_xxsubinterpreters.ChannelID",
                                  .size = sizeof(ChannelId),
                                  .flags = kTypeNoInstantiate,
                                  .slots = id_slots(),
                                  .destroy = destroy,
                                  .getsets = kGetSets,
                                  .doc = "Stands for a channel or one end of it, and counts as an int."};

Ref<> channel_id_new(int64_t id, ChannelEnd end, bool force, bool resolve) {
  Ref<ChannelId> made = allocate<ChannelId>(&channel_id_type);
  if (!made) return Ref<>();
  made->id = id;
  made->end = end;
  made->resolve = resolve;
  made->counted = channel_count_up(id);
  if (!made->counted && !force) return raise_channel_error(ChannelResult::kNotFound, id);
  return made;
}

bool to_channel(Value v, int64_t* out) {
  if (is_channel_id(v)) {
    *out = as_channel_id(v)->id;
    return true;
  }
  return to_id(v, &channel_id_type, "channel", out);
}

}  // namespace pt::interpreters
