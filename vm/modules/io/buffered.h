#pragma once
// The object behind BufferedReader, BufferedWriter and BufferedRandom.
#include "vm/modules/io/io.h"

namespace pt {

// All fields but `raw` are guarded by `lock`. The buffer serves one direction at a time:
//   reading: [position, end) is unread, the raw stream stands behind `end`;
//   writing: [0, dirty) waits to be written where the raw stream stands.
struct Buffered : Object {
  Field raw;             // empty: not initialised or detached
  OwnedLock lock;
  uint8_t* data;
  int64_t size;          // of the buffer
  int64_t position, end; // read side
  int64_t dirty;         // write side
  int64_t raw_position;  // of the raw stream; -1: not known
  bool initialised, detached, can_read, can_write, finalizing;
  bool raw_is_fileio;    // exactly FileIO: called without Python method calls
};
inline Buffered* as_buffered(Value v) { return reinterpret_cast<Buffered*>(v.as_object()); }

// Takes the lock for one operation; refuses re-entrance by the same thread.
class BufferedGuard {
 public:
  explicit BufferedGuard(Value self);
  ~BufferedGuard() {
    if (ok_) file_->lock.leave();
  }
  BufferedGuard(const BufferedGuard&) = delete;
  BufferedGuard& operator=(const BufferedGuard&) = delete;
  explicit operator bool() const { return ok_; }

 private:
  Buffered* file_;
  bool ok_ = false;
};

}  // namespace pt
