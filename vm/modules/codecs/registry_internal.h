#pragma once
namespace pt {
struct List;
struct Dict;
// Of the interpreter that runs; borrowed.
struct CodecRegistry {
  List* search;    // search functions
  Dict* cache;     // normalised name -> CodecInfo
  Dict* handlers;  // error handler name -> callable
  explicit operator bool() const { return search; }
};
CodecRegistry codec_registry();  // false with an exception pending
}  // namespace pt
