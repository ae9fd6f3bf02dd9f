#pragma once
// The _io module: what its files share.
#include <atomic>

#include "vm/modules/support/arguments.h"
#include "vm/modules/thread/locks.h"
#include "vm/object/attributes.h"
#include "vm/object/module.h"
#include "vm/object/names.h"
#include "vm/object/type.h"
#include "vm/types/bytes.h"
#include "vm/types/int.h"
#include "vm/types/str.h"
#include "vm/types/tuple.h"

namespace pt {

extern Type iobase_type, rawiobase_type, bufferediobase_type, textiobase_type;
extern Type fileio_type, bytesio_type, buffered_reader_type, buffered_writer_type, buffered_random_type, buffered_pair_type;
extern Type stringio_type, textio_type, newline_decoder_type;
extern const TypeSpec iobase_spec, rawiobase_spec, bufferediobase_spec, textiobase_spec;
extern const TypeSpec fileio_spec, bytesio_spec, buffered_reader_spec, buffered_writer_spec, buffered_random_spec,
    buffered_pair_spec;
extern const TypeSpec stringio_spec, textio_spec, newline_decoder_spec;

inline constexpr int64_t kDefaultBufferSize = 8192;
inline constexpr int kSeekSet = 0, kSeekCur = 1, kSeekEnd = 2;

Type* unsupported_operation();                       // io.UnsupportedOperation
Raised raise_unsupported(const char* what);
Raised raise_closed();                               // ValueError "I/O operation on closed file."
Raised raise_not_pickled(Value self);

// Attributes of instances, for traverse/clear of native types.
inline void io_traverse_attributes(Object* o, FieldVisitor& visitor) {
  if (!has_flag(o->shape()->type, kTypeHeap)) attributes_traverse(o, visitor);
}
Ref<> io_get_dict(Value self);                       // __dict__

// For the end of the process: what files hold back is written, errors are nobody's. Runs Python code.
void flush_open_files();

// _IOBase for C++ callers.
bool io_check_closed(Value self);                    // ValueError when self.closed is true
void io_finalize(Object* o);                         // closes what is still open
Ref<> io_base_readline(Value self, int64_t limit);   // readline() in terms of peek() and read()
int io_is_closed(Value file);                        // bool(file.closed); -1 on error
// An int argument where None means -1.
bool optional_size(Value v, int64_t* out);
// A file position from Python: an int that fits.
bool to_offset(Value v, int64_t* out);

// FileIO with direct access for buffered files.
struct FileIO : Object {
  std::atomic<int> fd;         // -1: closed
  bool created, readable, writable, appending, close_fd, finalizing;
  std::atomic<signed char> seekable;  // -1: not known
  int block_size;
};
inline FileIO* as_fileio(Value v) { return reinterpret_cast<FileIO*>(v.as_object()); }
// read(2)/write(2) on an open file: -1 error (exception pending), -2 would block.
int64_t fileio_read(FileIO* file, void* data, int64_t size);
int64_t fileio_write(FileIO* file, const void* data, int64_t size);
int64_t fileio_seek(FileIO* file, int64_t offset, int whence);  // -1: exception pending

// Where a line ends in text: see newlines.h. Buffered files for TextIOWrapper:
bool is_exact_buffered(Value v);                     // BufferedReader, Writer or Random, not a subclass
Ref<> buffered_read1(Value self, int64_t size);
Ref<> buffered_write_bytes(Value self, std::string_view data);  // the count as an int
Ref<> buffered_flush(Value self);

// A recursive lock around operations that may run Python code.
class OwnedLock {
 public:
  // False with an exception pending (a signal handler's).
  bool enter();
  void leave();
  bool held_by_caller() const;
  void reset() {
    lock_.reset();
    owner_.store(0, std::memory_order_relaxed);
    depth_ = 0;
  }

 private:
  ThreadLock lock_;
  std::atomic<uint64_t> owner_{0};
  std::atomic<uint64_t> generation_{0};  // fork_generation() when it was taken
  int64_t depth_ = 0;
};
class OwnedGuard {
 public:
  explicit OwnedGuard(OwnedLock& lock) : lock_(lock), ok_(lock.enter()) {}
  ~OwnedGuard() {
    if (ok_) lock_.leave();
  }
  OwnedGuard(const OwnedGuard&) = delete;
  OwnedGuard& operator=(const OwnedGuard&) = delete;
  explicit operator bool() const { return ok_; }

 private:
  OwnedLock& lock_;
  bool ok_;
};

}  // namespace pt
