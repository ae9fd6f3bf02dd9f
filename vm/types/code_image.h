#pragma once
// The stored form of code objects: one block of bytes that holds a code object and those nested in it. Loading makes the
// outermost object's head only. The body of each (instructions, constants, names) is taken from the block when the code first
// runs or is looked into, so that importing a module costs little for the functions that are never called.
#include <string_view>

#include "vm/types/bytes.h"
#include "vm/types/function.h"

namespace pt {

// The bytes for `code`; ValueError when a constant cannot be stored. Loads what it needs.
Ref<Bytes> code_image_write(Code* code);

// Memory that holds an image from `offset` (a multiple of 8) on: from memory::allocate, or a private writable mapping.
struct ImageBlock {
  uint8_t* data;
  size_t size;
  bool mapped;
  size_t offset;
};
// Takes the block over, also when it fails. `trusted`: written by this very build into a folder of its own, so that the
// checksum need not be computed. `filename` nullptr: as stored. Empty without an exception: not an image.
Ref<Code> code_image_load(ImageBlock block, bool trusted, Str* filename);

}  // namespace pt
