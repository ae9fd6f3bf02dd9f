#pragma once
// The codec registry for C++ users.
#include "gc/refcount/ref.h"

namespace pt {

struct Str;

// The CodecInfo (a 4-tuple) for an encoding; LookupError.
Ref<> codec_lookup(Str* encoding);
// The handler registered under the name (nullptr: "strict"); LookupError.
Ref<> codec_lookup_error(Str* name_or_null);
// codecs.encode/decode with any codec.
Ref<> codec_encode(Value object, Str* encoding, Str* errors);
Ref<> codec_decode(Value object, Str* encoding, Str* errors);
// CodecInfo after a check that the codec works on text; `instead` names what to use otherwise ("codecs.open()").
Ref<> codec_lookup_text(Str* encoding, const char* instead);
// CodecInfo.incrementaldecoder/encoder(errors).
Ref<> codec_incremental(Value codec_info, bool encoder, Value errors);
// Start-up: sets the hooks of vm/types/codecs.h.
void init_codecs();

}  // namespace pt
