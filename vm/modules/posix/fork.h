#pragma once
// Forking a process that has several threads.
#include <sys/types.h>

namespace pt {

// The callables of os.register_at_fork; errors are reported and dropped. Runs Python code.
void fork_hooks_before();
void fork_hooks_after_in_child();
void fork_hooks_after_in_parent();
// fork() with the world stopped and the import lock held. In the child the caller is the only thread, and the main
// one. Attached thread. -1 with errno.
pid_t fork_stopped();

}  // namespace pt
