#include "vm/modules/faulthandler/dump.h"

#include <cstdint>
#include <cstring>
#include <unistd.h>

#include "gc/sync/mutator.h"
#include "gc/sync/mutator_parts.h"
#include "vm/object/thread.h"
#include "vm/types/frame.h"
#include "vm/types/function.h"
#include "vm/types/str.h"

namespace pt::faulthandler {
namespace {

constexpr int kMaxFrames = 100;
constexpr int64_t kMaxText = 500;

// Collects into a buffer and writes it when full or at the end.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void text(const char* s) {
    for (; *s; ++s) put(*s);
  }
  void decimal(int64_t n) {
    char digits[24];
    int count = 0;
    uint64_t rest = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
    do digits[count++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    if (n < 0) put('-');
    while (count) put(digits[--count]);
  }
  void hex(uint64_t n, int width) {
    for (int shift = (width - 1) * 4; shift >= 0; shift -= 4) put("0123456789abcdef"[(n >> shift) & 15]);
  }
  // ASCII as it is, everything else escaped.
  void string(Value v) {
    if (v.empty() || !is_str(v)) return text("???");
    const Str* s = as_str(v);
    for (int64_t i = 0; i < s->length && i < kMaxText; ++i) {
      uint32_t c = s->at(i);
      if (c >= ' ' && c <= 126) {
        put(static_cast<char>(c));
      } else if (c < 0x100) {
        text("\\x"), hex(c, 2);
      } else if (c < 0x10000) {
        text("\\u"), hex(c, 4);
      } else {
        text("\\U"), hex(c, 8);
      }
    }
    if (s->length > kMaxText) text("...");
  }

 private:
  void put(char c) {
    if (size_ == sizeof(buffer_)) flush();
    buffer_[size_++] = c;
  }
  void flush() {
    size_t at = 0;
    while (at < size_) {
      ssize_t n = ::write(fd_, buffer_ + at, size_ - at);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
    size_ = 0;
  }
  int fd_;
  size_t size_ = 0;
  char buffer_[512];
};

void calls(Output& out, const Thread* thread) {
  const CallRecord* base = thread->record_base;
  const CallRecord* record = thread->record;
  if (!base || record < base) return out.text("  <no Python frame>\n");
  for (int count = 0; record >= base; --record, ++count) {
    if (count == kMaxFrames) return out.text("  ...\n");
    const Code* code = record->code;
    const uint64_t* words = code->words.load(std::memory_order_acquire);
    auto at = record->pc >= words && record->pc < words + code->word_count ? static_cast<uint32_t>(record->pc - words) : 0u;
    out.text("  File \"");
    out.string(code->filename.peek());
    out.text("\", line ");
    out.decimal(code_line(code, at));
    out.text(" in ");
    out.string(code->name.peek());
    out.text("\n");
  }
}

void heading(Output& out, const Thread* thread, bool current) {
  out.text(current ? "Current thread 0x" : "Thread 0x");
  out.hex(thread->ident, 16);
  out.text(" (most recent call first):\n");
}

}  // namespace

void write_text(int fd, const char* text) { Output(fd).text(text); }

void dump_current_thread(int fd) {
  Output out(fd);
  const Thread* thread = current_thread();
  if (!thread) return out.text("<no Python thread>\n");
  out.text("Stack (most recent call first):\n");
  calls(out, thread);
}

void dump_all_threads(int fd) {
  if (!try_lock_registry()) return dump_current_thread(fd);
  struct Walk {
    Output out;
    const Thread* current;
    bool first = true;
  } walk{Output(fd), current_thread()};
  for_each_mutator(
      [](Mutator* mutator, void* context) {
        auto* w = static_cast<Walk*>(context);
        const auto* thread = static_cast<const Thread*>(mutator);
        if (!w->first) w->out.text("\n");
        w->first = false;
        heading(w->out, thread, thread == w->current);
        calls(w->out, thread);
      },
      &walk);
  unlock_registry();
}

}  // namespace pt::faulthandler
