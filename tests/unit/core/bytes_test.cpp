#include "tests/unit/core/text_helpers.h"
#include "vm/object/buffer.h"
#include "vm/types/memoryview.h"

namespace pt::testing {
namespace {

class BytesTest : public CoreFixture {};

Ref<> bytes(std::string_view data) { return bytes_from(data); }
Ref<> array(std::string_view data) { return bytearray_from(data); }
std::string content(const Ref<>& b) { return std::string(bytearray_view(as_bytearray(b.value()))); }

TEST_F(BytesTest, SingleBytesAreSingletons) { EXPECT_TRUE(bytes("a").value().same(bytes("a").value())); }
TEST_F(BytesTest, EmptyIsOne) { EXPECT_TRUE(bytes("").value().is(empty_bytes())); }
TEST_F(BytesTest, ZeroTerminated) { EXPECT_EQ(as_bytes(bytes("abc").value())->data[3], 0); }
TEST_F(BytesTest, HashEqualsThatOfText) { EXPECT_EQ(hash(bytes("abc").value()), hash(make("abc").value())); }
TEST_F(BytesTest, Repr) { EXPECT_EQ(shown(bytes(std::string_view("a'\x00\xff", 4))), "b\"a'\\x00\\xff\""); }
TEST_F(BytesTest, ConcatWithBuffers) {
  EXPECT_EQ(shown(binary_operation(BinaryOp::kAdd, bytes("ab").value(), array("cd").value())), "b'abcd'");
  EXPECT_EQ(shown(binary_operation(BinaryOp::kAdd, bytes("ab").value(), make("x").value())),
            "TypeError: can't concat str to bytes");
}
TEST_F(BytesTest, Repeat) { EXPECT_EQ(shown(binary_operation(BinaryOp::kMul, bytes("ab").value(), small(3))), "b'ababab'"); }
TEST_F(BytesTest, IndexAndErrors) {
  EXPECT_EQ(shown(get_item(bytes("abc").value(), small(-1))), "99");
  EXPECT_EQ(shown(get_item(bytes("abc").value(), small(3))), "IndexError: index out of range");
}
TEST_F(BytesTest, Contains) {
  EXPECT_EQ(contains(bytes("abc").value(), small('b')), 1);
  EXPECT_EQ(contains(bytes("abc").value(), bytes("bc").value()), 1);
  EXPECT_EQ(contains(bytes("abc").value(), small(300)), -1);
  EXPECT_TRUE(clear_if(exc::ValueError));
}
TEST_F(BytesTest, BuilderGrows) {
  BytesBuilder out;
  for (int i = 0; i < 1000; i++) ASSERT_TRUE(out.append_byte(static_cast<uint8_t>(i)));
  Ref<Bytes> b = out.finish();
  EXPECT_EQ(b->length, 1000);
  EXPECT_EQ(b->data[999], 999 % 256);
}
TEST_F(BytesTest, ComparesWithArrays) { EXPECT_EQ(equal(bytes("a").value(), array("a").value()), 1); }
TEST_F(BytesTest, ArrayAppends) {
  Ref<> b = array("");
  for (int i = 0; i < 100; i++) ASSERT_TRUE(bytearray_append(as_bytearray(b.value()), "xy"));
  EXPECT_EQ(content(b).size(), 200u);
}
TEST_F(BytesTest, ArrayDeletesAtTheFront) {
  Ref<> b = array("abcdef");
  ASSERT_TRUE(delete_item(b.value(), small(0)));
  ASSERT_TRUE(delete_item(b.value(), small(0)));
  ASSERT_TRUE(bytearray_append(as_bytearray(b.value()), "gh"));
  EXPECT_EQ(content(b), "cdefgh");
}
TEST_F(BytesTest, ArrayIsUnhashable) {
  EXPECT_EQ(hash(array("a").value()), -1);
  EXPECT_TRUE(clear_if(exc::TypeError));
}
TEST_F(BytesTest, ExportBlocksResizing) {
  Ref<> b = array("abc");
  {
    BufferView view(b.value());
    ASSERT_TRUE(view.ok());
    EXPECT_FALSE(bytearray_append(as_bytearray(b.value()), "x"));
    EXPECT_TRUE(clear_if(exc::BufferError));
  }
  EXPECT_TRUE(bytearray_append(as_bytearray(b.value()), "x"));
}
TEST_F(BytesTest, BufferOfOtherTypes) {
  BufferView view(small(5));
  EXPECT_FALSE(view.ok());
  EXPECT_EQ(error_text(), "TypeError: a bytes-like object is required, not 'int'");
}
TEST_F(BytesTest, WritableBufferOfBytes) {
  Ref<> b = bytes("abc");
  BufferView view(b.value(), kBufferWritable);
  EXPECT_FALSE(view.ok());
  EXPECT_TRUE(clear_if(exc::BufferError));
}
TEST_F(BytesTest, ViewOfStridedMemory) {
  Ref<> m = memoryview_from(bytes("abcdef").value());
  Ref<> cast = call_method(m.value(), "cast", {make("H").value()});
  EXPECT_EQ(shown(call_method(cast.value(), "tolist")), "[25185, 25699, 26213]");
}
TEST_F(BytesTest, ViewKeepsTheExporterExported) {
  Ref<> b = array("abc");
  Ref<> m = memoryview_from(b.value());
  EXPECT_FALSE(bytearray_append(as_bytearray(b.value()), "x"));
  EXPECT_TRUE(clear_if(exc::BufferError));
  EXPECT_TRUE(call_method(m.value(), "release"));
  EXPECT_TRUE(bytearray_append(as_bytearray(b.value()), "x"));
}
TEST_F(BytesTest, ViewDiesWithItsExport) {
  Ref<> b = array("abc");
  (void)memoryview_from(b.value());
  EXPECT_TRUE(bytearray_append(as_bytearray(b.value()), "x"));
}
TEST_F(BytesTest, ViewOfBareMemory) {
  static uint8_t memory[4] = {1, 2, 3, 4};
  Ref<> m = memoryview_from_memory(memory, 4, false, Value());
  ASSERT_TRUE(set_item(m.value(), small(1), small(9)));
  EXPECT_EQ(memory[1], 9);
}
TEST_F(BytesTest, Hex) { EXPECT_EQ(shown(call_method(bytes("\xab\x01").value(), "hex")), "'ab01'"); }
TEST_F(BytesTest, PercentFormatting) {
  EXPECT_EQ(shown(binary_operation(BinaryOp::kMod, bytes("%d").value(), small(5))), "b'5'");
}

}  // namespace
}  // namespace pt::testing
