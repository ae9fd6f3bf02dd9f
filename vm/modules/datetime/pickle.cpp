// The states of pickled objects: their fields as bytes, big-endian.
#include <cstring>

#include "vm/modules/datetime/datetime.h"
#include "vm/types/bytes.h"

namespace pt::datetime {

namespace {

// A byte of the state tells it from other strings of that length. Its highest bit may be the fold.
bool plausible(int size, uint32_t marker) {
  if (size == kTimeStateSize) return (marker & 0x7f) < 24;
  if (size == kDateTimeStateSize) marker &= 0x7f;
  return marker >= 1 && marker <= 12;
}

}  // namespace

int pickled_state(Value v, int size, const char* what, uint8_t* out) {
  int marker = size == kTimeStateSize ? 0 : 2;  // the hour, the month
  if (is_bytes(v)) {
    Bytes* b = as_bytes(v);
    if (b->length != size || !plausible(size, b->data[marker])) return 0;
    std::memcpy(out, b->data, static_cast<size_t>(size));
    return 1;
  }
  if (!is_str(v)) return 0;
  Str* s = as_str(v);
  if (s->length != size || !plausible(size, s->at(marker))) return 0;
  if (s->kind != 1) {
    (void)raise(exc::ValueError,
                "Failed to encode latin1 string when unpickling %s object. pickle.load(data, encoding='latin1') is assumed.",
                what);
    return -1;
  }
  std::memcpy(out, s->data1(), static_cast<size_t>(size));
  return 1;
}

void write_state(const Day& day, uint8_t* out) {
  out[0] = static_cast<uint8_t>(day.year() >> 8);
  out[1] = static_cast<uint8_t>(day.year());
  out[2] = static_cast<uint8_t>(day.month());
  out[3] = static_cast<uint8_t>(day.day());
}
void write_state(const Clock& clock, uint8_t* out) {
  for (int i = 0; i < kTimeStateSize; ++i) out[i] = static_cast<uint8_t>(clock.bits >> (8 * (kTimeStateSize - 1 - i)));
}
Day read_day(const uint8_t* state) { return Day::of(state[0] << 8 | state[1], state[2], state[3]); }
Clock read_clock(const uint8_t* state) {
  Clock clock{0};
  for (int i = 0; i < kTimeStateSize; ++i) clock.bits = clock.bits << 8 | state[i];
  return clock;
}

Ref<> reduced(Value self, const uint8_t* state, int size, Value tzinfo) {
  Ref<Bytes> bytes = bytes_from({reinterpret_cast<const char*>(state), static_cast<size_t>(size)});
  if (!bytes) return Ref<>();
  Ref<Tuple> arguments = is_none(tzinfo) ? tuple_of({bytes.value()}) : tuple_of({bytes.value(), tzinfo});
  if (!arguments) return Ref<>();
  return tuple_of({type_value(self), arguments.value()});
}

}  // namespace pt::datetime
