#include "vm/types/gmp_memory.h"

#include <gmp.h>

#include <csetjmp>

#include "gc/platform/check.h"
#include "gc/platform/memory.h"

namespace pt::gmp {
namespace {

// In front of each block. Those that the running attempt has got, and not yet released, form a ring through it.
struct alignas(16) Link {
  Link *next, *previous;  // nullptr: of no attempt that still runs

  void insert_behind(Link* other) {
    previous = other;
    next = other->next;
    next->previous = this;
    other->next = this;
  }
  void take_out() {
    next->previous = previous;
    previous->next = next;
  }
};
struct Attempt {
  std::jmp_buf way_out;
  Link blocks{&blocks, &blocks};
  Attempt* outer;
};
constinit thread_local Attempt* t_attempt = nullptr;

Link* link_of(void* block) { return static_cast<Link*>(block) - 1; }

[[noreturn]] void leave_attempt() {
  // Nothing that may need memory is to be done without an attempt.
  PT_CHECK(t_attempt);
  std::longjmp(t_attempt->way_out, 1);
}

void* reallocate_block(void* block, size_t, size_t bytes) {
  auto* link = static_cast<Link*>(memory::reallocate(link_of(block), sizeof(Link) + bytes));
  if (PT_UNLIKELY(!link)) leave_attempt();
  if (link->next) link->next->previous = link->previous->next = link;
  return link + 1;
}
void release_block(void* block, size_t) { release(block); }

}  // namespace

void* allocate(size_t bytes) {
  PT_ASSERT(t_attempt);
  auto* link = static_cast<Link*>(memory::allocate(sizeof(Link) + bytes));
  if (PT_UNLIKELY(!link)) leave_attempt();
  if (PT_LIKELY(t_attempt)) {
    link->insert_behind(&t_attempt->blocks);
  } else {
    link->next = link->previous = nullptr;
  }
  return link + 1;
}
void release(void* block) {
  if (!block) return;
  Link* link = link_of(block);
  if (link->next) link->take_out();
  memory::release(link);
}

void init_memory() { mp_set_memory_functions(allocate, reallocate_block, release_block); }

bool run_attempt(void (*body)(void*), void* argument) {
  Attempt attempt;
  Link* ring = &attempt.blocks;
  attempt.outer = t_attempt;
  if (PT_UNLIKELY(_setjmp(attempt.way_out))) {
    while (ring->next != ring) release(ring->next + 1);
    t_attempt = attempt.outer;
    return false;
  }
  t_attempt = &attempt;
  body(argument);
  t_attempt = attempt.outer;
  if (attempt.outer) {
    // What is left belongs to the outer attempt.
    while (ring->next != ring) {
      Link* link = ring->next;
      link->take_out();
      link->insert_behind(&attempt.outer->blocks);
    }
  } else {
    for (Link* link = ring->next; link != ring;) {
      Link* next = link->next;
      link->next = link->previous = nullptr;
      link = next;
    }
  }
  return true;
}

}  // namespace pt::gmp
