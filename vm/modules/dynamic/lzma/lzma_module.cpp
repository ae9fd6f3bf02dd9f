// The _lzma module: compressor and decompressor.
#include "vm/modules/dynamic/lzma/lzma_module.h"

#include "vm/modules/dynamic/support/compressor.h"

namespace pt::xz {

constinit Value g_error;

bool check(lzma_ret code) {
  Type* error = as_type(g_error);
  switch (code) {
    case LZMA_OK:
    case LZMA_GET_CHECK:
    case LZMA_NO_CHECK:
    case LZMA_STREAM_END: return true;
    case LZMA_UNSUPPORTED_CHECK: return raise(error, "Unsupported integrity check");
    case LZMA_MEM_ERROR: return raise_no_memory();
    case LZMA_MEMLIMIT_ERROR: return raise(error, "Memory usage limit exceeded");
    case LZMA_FORMAT_ERROR: return raise(error, "Input format not supported by decoder");
    case LZMA_OPTIONS_ERROR: return raise(error, "Invalid or unsupported options");
    case LZMA_DATA_ERROR: return raise(error, "Corrupt input data");
    case LZMA_BUF_ERROR: return raise(error, "Insufficient buffer space");
    case LZMA_PROG_ERROR: return raise(error, "Internal error");
    default: return raise(error, "Unrecognized error from liblzma: %d", static_cast<int>(code));
  }
}

namespace {

lzma_ret run_library(lzma_stream* stream, CodecStep& s, lzma_action action) {
  stream->next_in = s.input;
  stream->avail_in = static_cast<size_t>(s.input_size);
  stream->next_out = s.output;
  stream->avail_out = static_cast<size_t>(s.output_size);
  lzma_ret code;
  {
    Detached detached;
    code = lzma_code(stream, action);
  }
  s.input = stream->next_in;
  s.input_size = static_cast<int64_t>(stream->avail_in);
  s.output_size = static_cast<int64_t>(stream->avail_out);
  s.eof = code == LZMA_STREAM_END;
  // Neither input nor output: it waits for more.
  return code == LZMA_BUF_ERROR && s.input_size == 0 && s.output_size > 0 ? LZMA_OK : code;
}

struct LzmaCompressor : Compressor {
  lzma_stream stream;

  bool step(CodecStep& s, bool finish) { return check(run_library(&stream, s, finish ? LZMA_FINISH : LZMA_RUN)); }
};
struct LzmaDecompressor : Decompressor {
  lzma_stream stream;
  std::atomic<int> check;  // written under the lock
};

// ---- compressor -------------------------------------------------------------------------------------------------------------

bool start_compressor(lzma_stream* stream, int format, int check_id, uint32_t preset, Value filters) {
  FilterChain chain;
  bool chained = given(filters);
  if (chained && !chain.read(filters)) return false;
  switch (format) {
    case kFormatXz:
      if (chained) return check(lzma_stream_encoder(stream, chain.data(), static_cast<lzma_check>(check_id)));
      return check(lzma_easy_encoder(stream, preset, static_cast<lzma_check>(check_id)));
    case kFormatAlone: {
      if (!chained) {
        lzma_options_lzma options;
        if (lzma_lzma_preset(&options, preset))
          return raise(as_type(g_error), "Invalid compression preset: %ld", static_cast<long>(preset));
        return check(lzma_alone_encoder(stream, &options));
      }
      if (chain.data()[0].id != LZMA_FILTER_LZMA1 || chain.data()[1].id != LZMA_VLI_UNKNOWN) {
        return raise(exc::ValueError, "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter");
      }
      return check(lzma_alone_encoder(stream, static_cast<lzma_options_lzma*>(chain.data()[0].options)));
    }
    case kFormatRaw: return check(lzma_raw_encoder(stream, chain.data()));
    default: return raise(exc::ValueError, "Invalid container format: %d", format);
  }
}

Ref<> compressor_construct(Type* type, const Args& args) {
  Value bound[4];
  int format = kFormatXz, check_id = -1;
  unsigned preset = LZMA_PRESET_DEFAULT;
  if (!bind_arguments("LZMACompressor", "(format=1, check=-1, preset=None, filters=None)", args, bound) ||
      !to_cint(bound[0], &format) || !to_cint(bound[1], &check_id)) {
    return Ref<>();
  }
  if (given(bound[2]) && given(bound[3])) return raise(exc::ValueError, "Cannot specify both preset and filter chain");
  if (given(bound[2])) {
    uint64_t wide;
    if (!to_culong(bound[2], &wide)) return Ref<>();
    if (wide > UINT32_MAX) return raise(exc::OverflowError, "Value too large for uint32_t type");
    preset = static_cast<unsigned>(wide);
  }
  if (format != kFormatXz && check_id != -1 && check_id != LZMA_CHECK_NONE) {
    return raise(exc::ValueError, "Integrity checks are only supported by FORMAT_XZ");
  }
  if (format == kFormatXz && check_id == -1) check_id = LZMA_CHECK_CRC64;
  if (format == kFormatRaw && !given(bound[3])) return raise(exc::ValueError, "Must specify filters for FORMAT_RAW");
  Ref<LzmaCompressor> self = compressor_allocate<LzmaCompressor>(type);
  if (!self || !start_compressor(&self->stream, format, check_id, preset, bound[3])) return Ref<>();
  return self;
}
void compressor_destroy(Object* o) { lzma_end(&static_cast<LzmaCompressor*>(o)->stream); }

// ---- decompressor -----------------------------------------------------------------------------------------------------------

Ref<> decompressor_construct(Type* type, const Args& args) {
  Value bound[3];
  int format = kFormatAuto;
  uint64_t limit = UINT64_MAX;
  if (!bind_arguments("LZMADecompressor", "(format=0, memlimit=None, filters=None)", args, bound) || !to_cint(bound[0], &format))
    return Ref<>();
  if (given(bound[1])) {
    if (format == kFormatRaw) return raise(exc::ValueError, "Cannot specify memory limit with FORMAT_RAW");
    if (!to_culong(bound[1], &limit)) return Ref<>();
  }
  bool chained = given(bound[2]);
  if (format == kFormatRaw && !chained) return raise(exc::ValueError, "Must specify filters for FORMAT_RAW");
  if (format != kFormatRaw && chained) return raise(exc::ValueError, "Cannot specify filters except with FORMAT_RAW");
  Ref<LzmaDecompressor> self = allocate<LzmaDecompressor>(type);
  if (!self || !decompressor_init(self.get())) return Ref<>();
  constexpr uint32_t kFlags = LZMA_TELL_ANY_CHECK | LZMA_TELL_NO_CHECK;
  self->check = LZMA_CHECK_ID_MAX + 1;
  bool ok;
  switch (format) {
    case kFormatAuto: ok = check(lzma_auto_decoder(&self->stream, limit, kFlags)); break;
    case kFormatXz: ok = check(lzma_stream_decoder(&self->stream, limit, kFlags)); break;
    case kFormatAlone:
      self->check = LZMA_CHECK_NONE;
      ok = check(lzma_alone_decoder(&self->stream, limit));
      break;
    case kFormatRaw: {
      self->check = LZMA_CHECK_NONE;
      FilterChain chain;
      ok = chain.read(bound[2]) && check(lzma_raw_decoder(&self->stream, chain.data()));
      break;
    }
    default: return raise(exc::ValueError, "Invalid container format: %d", format);
  }
  return ok ? Ref<>(std::move(self)) : Ref<>();
}
void decompressor_destroy(Object* o) {
  auto* self = static_cast<LzmaDecompressor*>(o);
  lzma_end(&self->stream);
  decompressor_drop(self);
}
Ref<> decompressor_decompress(const Value* a) {
  auto* self = self_as<LzmaDecompressor>(a[0]);
  int64_t limit = -1;
  BufferView view(a[1]);
  if (!view.ok() || (!a[2].empty() && !to_size(a[2], &limit))) return Ref<>();
  ObjectGuard guard(self->lock);
  return decompressor_run(self, view.data(), view.size(), limit, [&](CodecStep& s) {
    lzma_ret code = run_library(&self->stream, s, LZMA_RUN);
    if (code == LZMA_GET_CHECK || code == LZMA_NO_CHECK) self->check = lzma_get_check(&self->stream);
    return check(code);
  });
}

Ref<> is_check_supported(const Value* a) {
  int id;
  return to_cint(a[0], &id) ? bool_ref(lzma_check_is_supported(static_cast<lzma_check>(id))) : Ref<>();
}

constinit Type compressor_type, decompressor_type;
const NativeDef kCompressorMethods[] = {
    {"compress", "($self, data, /)", compressor_compress<LzmaCompressor>, "Provide data to the compressor object."},
    {"flush", "($self, /)", compressor_flush<LzmaCompressor>, "Finish the compression process."},
    {"__reduce__", "($self, /)", not_pickled},
    {}};
const NativeDef kDecompressorMethods[] = {{"decompress", "($self, /, data, max_length=-1)", decompressor_decompress,
                                           "Decompress *data*, returning uncompressed data as bytes."},
                                          {"__reduce__", "($self, /)", not_pickled},
                                          {}};
Ref<> get_check(Value v) { return int_from_int64(self_as<LzmaDecompressor>(v)->check); }
const GetSetDef kGetSets[] = {{"check", get_check, nullptr, "ID of the integrity check used by the input stream."},
                              {"eof", decompressor_eof, nullptr, "True if the end-of-stream marker has been reached."},
                              {"unused_data", decompressor_unused, nullptr, "Data found after the end of the compressed stream."},
                              {"needs_input", decompressor_needs_input, nullptr,
                               "True if more input is needed before more decompressed data can be produced."},
                              {}};
const TypeSpec kCompressorSpec = {
    .name = "_lzma.LZMACompressor",
    .size = sizeof(LzmaCompressor),
    .flags = kTypeBase,
    .slots = {.construct = compressor_construct},
    .destroy = compressor_destroy,
    .methods = kCompressorMethods,
    .doc =
        "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCreate a compressor object for "
        "compressing data incrementally."};
const TypeSpec kDecompressorSpec = {.name = "_lzma.LZMADecompressor",
                                    .size = sizeof(LzmaDecompressor),
                                    .flags = kTypeBase,
                                    .slots = {.construct = decompressor_construct},
                                    .traverse = decompressor_traverse,
                                    .destroy = decompressor_destroy,
                                    .methods = kDecompressorMethods,
                                    .getsets = kGetSets,
                                    .doc = "Create a decompressor object for decompressing data incrementally.",
                                    .signature = "(format=FORMAT_AUTO, memlimit=None, filters=None)"};

const NativeDef kFunctions[] = {
    {"is_check_supported", "(check_id, /)", is_check_supported, "Test whether the given integrity check is supported."},
    {"_encode_filter_properties", "(filter, /)", encode_filter_properties,
     "Return a bytes object encoding the options (properties) of the filter."},
    {"_decode_filter_properties", "(filter_id, encoded_props, /)", decode_filter_properties,
     "Return a dict describing a filter."},
    {}};
const IntConstant kConstants[] = {{"FORMAT_AUTO", kFormatAuto},
                                  {"FORMAT_XZ", kFormatXz},
                                  {"FORMAT_ALONE", kFormatAlone},
                                  {"FORMAT_RAW", kFormatRaw},
                                  {"CHECK_NONE", LZMA_CHECK_NONE},
                                  {"CHECK_CRC32", LZMA_CHECK_CRC32},
                                  {"CHECK_CRC64", LZMA_CHECK_CRC64},
                                  {"CHECK_SHA256", LZMA_CHECK_SHA256},
                                  {"CHECK_ID_MAX", LZMA_CHECK_ID_MAX},
                                  {"CHECK_UNKNOWN", LZMA_CHECK_ID_MAX + 1},
                                  {"FILTER_LZMA1", LZMA_FILTER_LZMA1},
                                  {"FILTER_LZMA2", LZMA_FILTER_LZMA2},
                                  {"FILTER_DELTA", LZMA_FILTER_DELTA},
                                  {"FILTER_X86", LZMA_FILTER_X86},
                                  {"FILTER_POWERPC", LZMA_FILTER_POWERPC},
                                  {"FILTER_IA64", LZMA_FILTER_IA64},
                                  {"FILTER_ARM", LZMA_FILTER_ARM},
                                  {"FILTER_ARMTHUMB", LZMA_FILTER_ARMTHUMB},
                                  {"FILTER_SPARC", LZMA_FILTER_SPARC},
                                  {"MF_HC3", LZMA_MF_HC3},
                                  {"MF_HC4", LZMA_MF_HC4},
                                  {"MF_BT2", LZMA_MF_BT2},
                                  {"MF_BT3", LZMA_MF_BT3},
                                  {"MF_BT4", LZMA_MF_BT4},
                                  {"MODE_FAST", LZMA_MODE_FAST},
                                  {"MODE_NORMAL", LZMA_MODE_NORMAL},
                                  {"PRESET_DEFAULT", LZMA_PRESET_DEFAULT},
                                  {"PRESET_EXTREME", LZMA_PRESET_EXTREME},
                                  {}};

}  // namespace

extern "C" {
extern const NativeModule ptpython_module__lzma;
const NativeModule ptpython_module__lzma = {"_lzma", nullptr, kFunctions, [](Module* module) {
                                              return add_exception(module, &g_error, "_lzma.LZMAError", "LZMAError",
                                                                   Value::object(exc::Exception), "Call to liblzma failed.") &&
                                                     module_add_ints(module, kConstants) &&
                                                     module_add_type(module, &compressor_type, &kCompressorSpec) &&
                                                     module_add_type(module, &decompressor_type, &kDecompressorSpec);
                                            }};
}

}  // namespace pt::xz
