#pragma once
// Between the files of memoryview.
#include "vm/types/memoryview.h"

namespace pt {

// Keeps a view from being released during an operation. ok() false: it is released, ValueError pending.
class ViewPin {
 public:
  explicit ViewPin(Value v);
  // After Python code ran: false with ValueError when it released the view. The memory is still there.
  bool usable() const;
  ~ViewPin();
  ViewPin(const ViewPin&) = delete;
  ViewPin& operator=(const ViewPin&) = delete;
  bool ok() const { return ok_; }
  MemoryView* get() const { return view_; }
  MemoryView* operator->() const { return view_; }

 private:
  MemoryView* view_;
  bool ok_ = false;
};

Buffer view_buffer(const MemoryView* m);  // without an owner: for reading while pinned
// A view of the same memory with room for `dimensions` (filled in when their number stays the same).
Ref<MemoryView> derived_view(MemoryView* parent, int dimensions);
bool release_view(MemoryView* m);

extern const NativeDef kMemoryViewMethods[];
extern const GetSetDef kMemoryViewGetSets[];

}  // namespace pt
