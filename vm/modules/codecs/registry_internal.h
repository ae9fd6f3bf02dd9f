#pragma once
namespace pt {
struct List;
struct Dict;
struct CodecRegistry {
  List* search;    // search functions
  Dict* cache;     // normalised name -> CodecInfo
  Dict* handlers;  // error handler name -> callable
};
CodecRegistry* codec_registry();  // nullptr with an exception pending
}  // namespace pt
