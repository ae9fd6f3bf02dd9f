// Where connections read and write: memory BIOs that Python sees, and sockets.
#include <climits>
#include <cerrno>
#include <new>
#include <sys/socket.h>

#include "gc/platform/memory.h"
#include "vm/modules/dynamic/ssl/ssl_module.h"

namespace pt::ssl {

ByteQueue* queue_new() {
  void* memory = memory::allocate(sizeof(ByteQueue));
  if (!memory) return nullptr;
  auto* queue = new (memory) ByteQueue;
  queue->bytes = BIO_new(BIO_s_mem());
  if (queue->bytes) {
    BIO_set_mem_eof_return(queue->bytes, -1);
    return queue;
  }
  queue_release(queue);
  return nullptr;
}
void queue_release(ByteQueue* queue) {
  if (queue->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  BIO_free(queue->bytes);
  memory::release(queue);
}

namespace {

// ---- memory -------------------------------------------------------------------------------------------------------------------

ByteQueue* queue_of(BIO* bio) { return static_cast<ByteQueue*>(BIO_get_data(bio)); }
int queue_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  ByteQueue* queue = queue_of(bio);
  RawGuard guard(queue->lock);
  int got = BIO_pending(queue->bytes) ? BIO_read(queue->bytes, out, size) : 0;
  if (got > 0) return got;
  if (queue->ended.load(std::memory_order_relaxed)) return 0;
  BIO_set_retry_read(bio);
  return -1;
}
int queue_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  RawGuard guard(queue_of(bio)->lock);
  return BIO_write(queue_of(bio)->bytes, data, size);
}
long queue_control(BIO* bio, int command, long, void*) {
  ByteQueue* queue = queue_of(bio);
  RawGuard guard(queue->lock);
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_PENDING: return static_cast<long>(BIO_ctrl_pending(queue->bytes));
    case BIO_CTRL_EOF: return queue->ended.load(std::memory_order_relaxed) && !BIO_ctrl_pending(queue->bytes);
    default: return 0;
  }
}
int queue_bio_free(BIO* bio) {
  if (auto* queue = queue_of(bio)) queue_release(queue);
  BIO_set_data(bio, nullptr);
  return 1;
}

// ---- sockets ------------------------------------------------------------------------------------------------------------------

Channel* channel_of(BIO* bio) { return static_cast<Channel*>(BIO_get_data(bio)); }
bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOTCONN; }
int channel_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  Channel* channel = channel_of(bio);
  errno = 0;
  ssize_t got = recv(channel->fd, out, static_cast<size_t>(size), MSG_DONTWAIT);
  if (got == 0) channel->ended = true;
  if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}
int channel_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  errno = 0;
  ssize_t sent = send(channel_of(bio)->fd, data, static_cast<size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}
long channel_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  return command == BIO_CTRL_EOF && channel_of(bio)->ended;
}

// Methods of BIOs, made when the module is imported first and kept for ever.
BIO_METHOD* make_method(const char* name, int (*read)(BIO*, char*, int), int (*write)(BIO*, const char*, int),
                        long (*control)(BIO*, int, long, void*), int (*destroy)(BIO*)) {
  int index = BIO_get_new_index();
  BIO_METHOD* method = index < 0 ? nullptr : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, name);
  if (!method) return nullptr;
  BIO_meth_set_read(method, read);
  BIO_meth_set_write(method, write);
  BIO_meth_set_ctrl(method, control);
  BIO_meth_set_destroy(method, destroy);
  return method;
}
BIO* make_bio(BIO_METHOD* method, void* data) {
  BIO* bio = method ? BIO_new(method) : nullptr;
  if (!bio) return nullptr;
  BIO_set_data(bio, data);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

BIO* queue_bio(ByteQueue* queue) {
  static BIO_METHOD* const method = make_method("Python memory", queue_read, queue_write, queue_control, queue_bio_free);
  queue->references.fetch_add(1, std::memory_order_relaxed);
  BIO* bio = make_bio(method, queue);
  if (!bio) queue_release(queue);
  return bio;
}
BIO* channel_bio(Channel* channel) {
  static BIO_METHOD* const method = make_method("Python socket", channel_read, channel_write, channel_control, nullptr);
  return make_bio(method, channel);
}

// ---- MemoryBIO
// ------------------------------------------------------------------------------------------------------------------

namespace {

ByteQueue* queue_of(Value v) { return self_as<MemoryBio>(v)->queue; }
Ref<> memory_bio_construct(Type* type, const Args& args) {
  if (type == &memory_bio_type && args.count) return raise(exc::TypeError, "MemoryBIO() takes no positional arguments");
  if (type == &memory_bio_type && args.keyword_count()) return raise(exc::TypeError, "MemoryBIO() takes no keyword arguments");
  Ref<MemoryBio> self = allocate<MemoryBio>(type);
  if (!self) return Ref<>();
  self->queue = queue_new();
  if (!self->queue) return raise_no_memory();
  return self;
}
void memory_bio_destroy(Object* o) {
  auto* self = static_cast<MemoryBio*>(o);
  if (self->queue) queue_release(self->queue);
  self->queue = nullptr;
}
Ref<> memory_bio_read(const Value* a) {
  int size = -1;
  if (!to_cint(a[1], &size)) return Ref<>();
  ByteQueue* queue = queue_of(a[0]);
  size_t available;
  {
    RawGuard guard(queue->lock);
    available = BIO_ctrl_pending(queue->bytes);
  }
  auto wanted = static_cast<int64_t>(available > INT_MAX ? INT_MAX : available);
  if (size >= 0 && size < wanted) wanted = size;
  Ref<Bytes> out = bytes_allocate(wanted);
  if (!out || !wanted) return out;
  int got;
  {
    RawGuard guard(queue->lock);
    got = BIO_ctrl_pending(queue->bytes) ? BIO_read(queue->bytes, out->data, static_cast<int>(wanted)) : 0;
  }
  // Another thread may have taken some of it.
  if (got == wanted) return out;
  return bytes_from({reinterpret_cast<char*>(out->data), static_cast<size_t>(got > 0 ? got : 0)});
}
Ref<> memory_bio_write(const Value* a) {
  BufferView view(a[1]);
  if (!view.ok()) return Ref<>();
  if (view.size() > INT_MAX) return raise(exc::OverflowError, "string longer than %d bytes", INT_MAX);
  ByteQueue* queue = queue_of(a[0]);
  if (queue->ended.load(std::memory_order_relaxed)) return raise_plain("cannot write() after write_eof()");
  int written = 0;
  if (view.size()) {
    RawGuard guard(queue->lock);
    written = BIO_write(queue->bytes, view.data(), static_cast<int>(view.size()));
  }
  return written < 0 ? Ref<>(raise_last()) : int_from_int64(written);
}
Ref<> memory_bio_write_eof(const Value* a) {
  queue_of(a[0])->ended.store(true, std::memory_order_relaxed);
  return none_ref();
}
Ref<> get_pending(Value v) {
  ByteQueue* queue = queue_of(v);
  RawGuard guard(queue->lock);
  return int_from_int64(static_cast<int64_t>(BIO_ctrl_pending(queue->bytes)));
}
Ref<> get_eof(Value v) {
  ByteQueue* queue = queue_of(v);
  RawGuard guard(queue->lock);
  return bool_ref(queue->ended.load(std::memory_order_relaxed) && BIO_ctrl_pending(queue->bytes) == 0);
}

const NativeDef kMethods[] = {
    {"read", "($self, size=-1, /)", memory_bio_read,
     "Read up to size bytes from the memory BIO.\n\nIf size is not specified, read the entire buffer."},
    {"write", "($self, b, /)", memory_bio_write,
     "Writes the bytes b into the memory BIO.\n\nReturns the number of bytes written."},
    {"write_eof", "($self, /)", memory_bio_write_eof,
     "Write an EOF marker to the memory BIO.\n\nWhen all data has been read, the \"eof\" property will be True."},
    {}};
const GetSetDef kGetSets[] = {{"pending", get_pending, nullptr, "The number of bytes pending in the memory BIO."},
                              {"eof", get_eof, nullptr, "Whether the memory BIO is at EOF."},
                              {}};

}  // namespace

constinit Type memory_bio_type;
const TypeSpec memory_bio_spec = {.name = "_ssl.MemoryBIO",
                                  .size = sizeof(MemoryBio),
                                  .slots = {.construct = memory_bio_construct},
                                  .destroy = memory_bio_destroy,
                                  .methods = kMethods,
                                  .getsets = kGetSets};

}  // namespace pt::ssl
