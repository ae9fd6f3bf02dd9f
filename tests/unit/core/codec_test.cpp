#include "tests/unit/core/text_helpers.h"
#include "vm/types/codecs.h"

namespace pt::testing {
namespace {

class CodecTest : public CoreFixture {};

std::string result(Ref<Str> s) { return s ? text(str_escape_non_ascii(s.get())) : error_text(); }
std::string result(Ref<Bytes> b) { return b ? std::string(b->view()) : error_text(); }

TEST_F(CodecTest, Utf8Strict) { EXPECT_EQ(result(utf8_decode("a\xc3\xa9", nullptr, true, nullptr)), "a\\xe9"); }
TEST_F(CodecTest, Utf8ErrorMessage) {
  EXPECT_EQ(result(utf8_decode("a\xff", nullptr, true, nullptr)),
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte");
}
TEST_F(CodecTest, Utf8Replace) { EXPECT_EQ(result(utf8_decode("\xe2\x82(", make("replace").get(), true, nullptr)), "\\ufffd("); }
TEST_F(CodecTest, Utf8Incremental) {
  int64_t used = -1;
  EXPECT_EQ(result(utf8_decode("ab\xe2\x82", nullptr, false, &used)), "ab");
  EXPECT_EQ(used, 2);
}
TEST_F(CodecTest, Utf8SurrogateEscapeRoundTrip) {
  Ref<Str> errors = make("surrogateescape");
  Ref<Str> s = utf8_decode("\xff\xc3\xa9", errors.get(), true, nullptr);
  EXPECT_EQ(result(utf8_encode(s.get(), errors.get())), "\xff\xc3\xa9");
}
TEST_F(CodecTest, Utf8SurrogatesNotAllowed) {
  Ref<Str> s = str_from_code_point(0xd800);
  EXPECT_EQ(result(utf8_encode(s.get(), nullptr)),
            "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed");
  EXPECT_EQ(result(utf8_encode(s.get(), make("surrogatepass").get())), "\xed\xa0\x80");
}
TEST_F(CodecTest, AsciiHandlers) {
  Ref<Str> s = make("a€");
  EXPECT_EQ(result(ascii_encode(s.get(), make("xmlcharrefreplace").get())), "a&#8364;");
  EXPECT_EQ(result(ascii_encode(s.get(), make("backslashreplace").get())), "a\\u20ac");
  EXPECT_EQ(result(ascii_encode(s.get(), make("ignore").get())), "a");
}
TEST_F(CodecTest, UnknownHandler) {
  EXPECT_EQ(result(ascii_encode(make("é").get(), make("nope").get())), "LookupError: unknown error handler name 'nope'");
}
TEST_F(CodecTest, Latin1) {
  EXPECT_EQ(result(latin1_encode(make("é").get(), nullptr)), "\xe9");
  EXPECT_EQ(result(latin1_decode("\xe9")), "\\xe9");
}
TEST_F(CodecTest, Utf16Mark) {
  int order = 0;
  EXPECT_EQ(result(utf16_decode(std::string_view("\xfe\xff\x00"
                                                 "a",
                                                 4),
                                nullptr, &order, true, nullptr)),
            "a");
  EXPECT_EQ(order, 1);
}
TEST_F(CodecTest, Utf16SurrogatePairs) {
  int order = -1;
  Ref<Bytes> b = utf16_encode(make("😀").get(), nullptr, -1);
  EXPECT_EQ(b->length, 4);
  EXPECT_EQ(result(utf16_decode(b->view(), nullptr, &order, true, nullptr)), "\\U0001f600");
}
TEST_F(CodecTest, Utf16Incremental) {
  int order = -1;
  int64_t used = -1;
  EXPECT_EQ(result(utf16_decode(std::string_view("a\0\x3d\xd8", 4), nullptr, &order, false, &used)), "a");
  EXPECT_EQ(used, 2);
}
TEST_F(CodecTest, Utf32Range) {
  int order = -1;
  EXPECT_EQ(result(utf32_decode(std::string_view("\0\0\x11\0", 4), make("ignore").get(), &order, true, nullptr)), "");
}
TEST_F(CodecTest, Utf7RoundTrip) {
  Ref<Bytes> b = utf7_encode(make("A€ +-😀").get(), nullptr);
  EXPECT_EQ(result(utf7_decode(b->view(), nullptr, true, nullptr)), "A\\u20ac +-\\U0001f600");
}
TEST_F(CodecTest, Utf7Incremental) {
  int64_t used = -1;
  EXPECT_EQ(result(utf7_decode("a+IK", nullptr, false, &used)), "a");
  EXPECT_EQ(used, 1);
}
TEST_F(CodecTest, UnicodeEscape) {
  int64_t invalid;
  EXPECT_EQ(result(unicode_escape_decode("\\x41\\u20ac\\n\\q", nullptr, true, nullptr, &invalid)), "A\\u20ac\n\\q");
  EXPECT_EQ(invalid, 13);
  EXPECT_EQ(result(unicode_escape_encode(make("é\n").get())), "\\xe9\\n");
}
TEST_F(CodecTest, RawUnicodeEscape) {
  EXPECT_EQ(result(raw_unicode_escape_decode("\\u0041\\n", nullptr, true, nullptr)), "A\\n");
}
TEST_F(CodecTest, BytesEscape) {
  int64_t invalid;
  EXPECT_EQ(result(bytes_escape_decode("\\x41\\101\\n", nullptr, &invalid)), "AA\n");
  EXPECT_EQ(result(bytes_escape_decode("\\x4", nullptr, &invalid)), "ValueError: invalid \\x escape at position 0");
}
TEST_F(CodecTest, CharmapStringTable) {
  Ref<Str> table = make("a€");
  EXPECT_EQ(result(charmap_decode(std::string_view("\0\1", 2), nullptr, table.value())), "a\\u20ac");
  Ref<> map = charmap_build(table.get());
  EXPECT_EQ(result(charmap_encode(make("€a").get(), nullptr, map.value())), std::string("\1\0", 2));
  EXPECT_EQ(result(charmap_encode(make("x").get(), nullptr, map.value())),
            "UnicodeEncodeError: 'charmap' codec can't encode character '\\x78' in position 0: character maps to <undefined>");
}
TEST_F(CodecTest, UnknownEncoding) {
  CodecHooks saved = g_codec_hooks;
  g_codec_hooks = {};
  EXPECT_EQ(shown(encode_text(make("a").get(), make("nope").get(), nullptr)), "LookupError: unknown encoding: nope");
  g_codec_hooks = saved;
}

}  // namespace
}  // namespace pt::testing
