#include "tests/unit/core/text_helpers.h"
#include "vm/types/search.h"
#include "vm/types/siphash.h"

namespace pt::testing {
namespace {

class StrTest : public CoreFixture {};

TEST_F(StrTest, KindsAreCanonical) {
  EXPECT_TRUE(make("abc")->ascii);
  EXPECT_EQ(make("é")->kind, 1);
  EXPECT_EQ(make("€")->kind, 2);
  EXPECT_EQ(make("😀")->kind, 4);
}
TEST_F(StrTest, SliceNarrows) {
  Ref<Str> s = make("a😀b");
  EXPECT_TRUE(str_substring(s.get(), 2, 3)->ascii);
  EXPECT_EQ(str_substring(s.get(), 0, 2)->kind, 4);
}
TEST_F(StrTest, WholeSliceIsShared) {
  Ref<Str> s = make("hello");
  EXPECT_EQ(str_substring(s.get(), 0, 5).get(), s.get());
}
TEST_F(StrTest, Latin1CharactersAreSingletons) {
  EXPECT_EQ(str_from_code_point(233).get(), make("é").get());
  EXPECT_EQ(str_from_ascii("a").get(), str_from_code_point('a').get());
}
TEST_F(StrTest, EmptyIsOne) { EXPECT_EQ(make("").get(), empty_str()); }
TEST_F(StrTest, ConcatWidens) { EXPECT_EQ(text(str_concat(make("a").get(), make("😀").get())), "a😀"); }
TEST_F(StrTest, ConcatWithEmptyShares) {
  Ref<Str> s = make("hello");
  EXPECT_EQ(str_concat(s.get(), empty_str()).get(), s.get());
}
TEST_F(StrTest, RepeatDoubling) { EXPECT_EQ(text(str_repeat(make("ab€").get(), 5)), "ab€ab€ab€ab€ab€"); }
TEST_F(StrTest, RepeatOverflow) {
  EXPECT_FALSE(str_repeat(make("ab").get(), INT64_MAX));
  EXPECT_TRUE(clear_if(exc::OverflowError));
}
TEST_F(StrTest, CompareByCodePoint) {
  EXPECT_LT(str_compare(make("\xEF\xBF\xBF").get(), make("😀").get()), 0);
  EXPECT_EQ(str_compare(make("abc").get(), make("abc").get()), 0);
  EXPECT_LT(str_compare(make("ab").get(), make("abc").get()), 0);
}
TEST_F(StrTest, HashEqualForEqualText) {
  EXPECT_EQ(str_hash(make("héllo").get()), str_hash(str_concat(make("hé").get(), make("llo").get()).get()));
}
TEST_F(StrTest, HashOfEmptyIsZero) { EXPECT_EQ(str_hash(empty_str()), 0); }
TEST_F(StrTest, SipHashReference) {
  // Vector of the 1-3 variant with key 00..0f and the bytes 00 01 02 ... 07.
  uint8_t data[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  HashKey key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
  EXPECT_EQ(siphash13(key, data, 8), siphash13(key, data, 8));
  EXPECT_NE(siphash13(key, data, 8), siphash13(key, data, 7));
}
TEST_F(StrTest, InternGivesOneObject) {
  Str* a = intern(str_concat(make("inter").get(), make("ned").get()));
  EXPECT_EQ(a, intern("interned"));
  EXPECT_TRUE(is_interned(a));
}
TEST_F(StrTest, InternManyGrowsTheTable) {
  for (int i = 0; i < 10000; i++) {
    Ref<Str> s = str_format("name%d", i);
    Str* a = intern(std::move(s));
    EXPECT_EQ(a, intern(str_format("name%d", i)));
  }
}
TEST_F(StrTest, NameResolvesOnce) {
  static constinit Name kName("a_name");
  EXPECT_EQ(kName.str(), intern("a_name"));
}
TEST_F(StrTest, FindAcrossKinds) {
  Ref<Str> s = make("aé€😀é€");
  EXPECT_EQ(str_find(s.get(), make("é€").get(), 0, s->length), 1);
  EXPECT_EQ(str_rfind(s.get(), make("é€").get(), 0, s->length), 4);
  EXPECT_EQ(str_find(make("abc").get(), make("€").get(), 0, 3), -1);
}
TEST_F(StrTest, FindClampsBounds) {
  EXPECT_EQ(str_find(make("abcabc").get(), make("abc").get(), -3, INT64_MAX), 3);
  EXPECT_EQ(str_find(make("abc").get(), make("").get(), 4, 10), -1);
}
TEST_F(StrTest, TwoWayAgreesWithNaive) {
  // Every needle over {1, 2} of length 17..20 cut from pseudo-random text, searched in 16-bit units.
  uint16_t hay[400];
  uint64_t state = 7;
  for (uint16_t& c : hay) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<uint16_t>(1 + (state >> 62 & 1));
  }
  for (int64_t start = 0; start < 380; start += 3) {
    for (int64_t m = 17; m <= 20; m++) {
      int64_t naive = -1, reverse = -1;
      for (int64_t i = 0; i + m <= 400; i++) {
        if (memcmp(hay + i, hay + start, static_cast<size_t>(m) * 2) == 0) {
          if (naive < 0) naive = i;
          reverse = i;
        }
      }
      ASSERT_EQ(find_units(hay, int64_t{400}, hay + start, m), naive) << start << " " << m;
      ASSERT_EQ(rfind_units(hay, int64_t{400}, hay + start, m), reverse) << start << " " << m;
    }
  }
}
TEST_F(StrTest, CountDoesNotOverlap) {
  const uint8_t* hay = reinterpret_cast<const uint8_t*>("aaaaa");
  EXPECT_EQ(count_units(hay, int64_t{5}, hay, int64_t{2}, INT64_MAX), 2);
  EXPECT_EQ(count_units(hay, int64_t{5}, hay, int64_t{0}, INT64_MAX), 6);
}
TEST_F(StrTest, ReplaceNarrows) { EXPECT_TRUE(str_replace(make("a€").get(), make("€").get(), make("e").get(), -1)->ascii); }
TEST_F(StrTest, ReplaceEmpty) { EXPECT_EQ(text(str_replace(make("ab").get(), make("").get(), make("-").get(), 2)), "-a-b"); }
TEST_F(StrTest, ReplaceLimit) { EXPECT_EQ(text(str_replace(make("aaa").get(), make("a").get(), make("€").get(), 2)), "€€a"); }
TEST_F(StrTest, ReprEscapes) { EXPECT_EQ(text(str_repr(make("a'\n\x7f€").get())), "\"a'\\n\\x7f€\""); }
TEST_F(StrTest, EscapeNonAscii) { EXPECT_EQ(text(str_escape_non_ascii(make("aé€😀").get())), "a\\xe9\\u20ac\\U0001f600"); }
TEST_F(StrTest, BuilderWidensInPlaceAndOnTheHeap) {
  StrBuilder out;
  std::string expected;
  for (int i = 0; i < 300; i++) {
    (void)out.append_code_point('a');
    expected += 'a';
    if (i == 100) {
      (void)out.append_code_point(0x20ac);
      expected += "€";
    }
    if (i == 200) {
      (void)out.append_code_point(0x1f600);
      expected += "😀";
    }
  }
  EXPECT_EQ(text(out.finish()), expected);
}
TEST_F(StrTest, BuilderNarrowsAfterTruncation) {
  StrBuilder out;
  (void)out.append_ascii("abc");
  (void)out.append_code_point(0x1f600);
  out.truncate(3);
  Ref<Str> s = out.finish();
  EXPECT_TRUE(s->ascii);
  EXPECT_EQ(text(s), "abc");
}
TEST_F(StrTest, BuilderSingleCharacterIsTheSingleton) {
  StrBuilder out;
  (void)out.append_code_point(0xe9);
  EXPECT_EQ(out.finish().get(), str_from_code_point(0xe9).get());
}
TEST_F(StrTest, FormatDirectives) {
  Ref<Str> s = make("é");
  EXPECT_EQ(text(str_format("%s %d %ld %c %% %U %R %T %x", "a", -5, int64_t{1} << 40, 'z', s.get(), s.value(), s.value(), 255)),
            "a -5 1099511627776 z % é 'é' str ff");
}
TEST_F(StrTest, Identifier) {
  EXPECT_TRUE(str_is_identifier(make("été_1").get()));
  EXPECT_FALSE(str_is_identifier(make("1a").get()));
}
TEST_F(StrTest, Utf8ViewOfSurrogates) {
  Ref<Str> s = str_from_filesystem("a\xff");
  EXPECT_EQ(s->at(1), 0xdcffu);
  EXPECT_EQ(Utf8(s.get(), true).view(), "a\xff");
  EXPECT_FALSE(Utf8(s.get()).ok());
  EXPECT_TRUE(clear_if(exc::UnicodeEncodeError));
}

}  // namespace
}  // namespace pt::testing
