// with and async with.
#include "vm/compile/codegen.h"

namespace pt::compiler {

void Codegen::with_statement(const Seq<WithItem*>& items, size_t index, const Seq<Stmt*>& statements, bool is_async,
                             const Span& span) {
  if (context_.is_too_deep()) return;
  const WithItem* item = items[index];
  Temps temps(*this);
  // It stays in its register, where compiled code finds what keeps it alive: the bound __exit__ is mostly not made then.
  int kept = alloc();
  Operand manager = operand(item->context_expr, kept);
  bool is_kept = manager == killed(kept);
  if (is_kept)
    manager = live(kept);
  else
    next_temp_ = kept;
  auto let_go = [&] {
    if (is_kept) emit(Opcode::kCLEAR, W(kept));
  };
  int exit = alloc();
  int entered = alloc();
  at(item->context_expr->span);
  emit(is_async ? Opcode::kBEFORE_ASYNC_WITH : Opcode::kBEFORE_WITH, W(exit), manager);
  if (is_async) {
    emit(Opcode::kGET_AWAITABLE, W(entered), killed(entered), 1);
    send_loop(entered);
  }
  next_temp_ = entered;
  Label end;
  Region region;
  asm_.begin(region, entered);
  {
    Block block{.kind = is_async ? BlockKind::kAsyncWith : BlockKind::kWith,
                .region = &region,
                .reg = exit,
                .manager = is_kept ? kept : -1,
                .span = item->context_expr->span};
    BlockScope scope(*this, block);
    {
      Temps inner(*this);
      alloc();
      if (item->optional_vars) {
        store(item->optional_vars, killed(entered));
      } else {
        emit(Opcode::kCLEAR, W(entered));
      }
    }
    if (index + 1 < items.size) {
      with_statement(items, index + 1, statements, is_async, span);
    } else {
      body(statements);
    }
  }
  asm_.end(region);
  at(item->context_expr->span);
  call_exit(exit, is_async);
  let_go();
  asm_.jump(end);

  asm_.bind_handler(region);
  int exception = entered;
  next_temp_ = exception + 2;
  at(item->context_expr->span);
  emit(Opcode::kENTER_HANDLER, W(exception));
  Region cleanup;
  asm_.begin(cleanup, exception + 2);
  Label suppressed;
  int answer = alloc();
  emit(Opcode::kWITH_EXCEPT, W(answer), live(exit), live(exception));
  if (is_async) {
    emit(Opcode::kGET_AWAITABLE, W(answer), killed(answer), 2);
    send_loop(answer);
  }
  asm_.emit_jump(Opcode::kJUMP_IF_TRUE, killed(answer), suppressed);
  reraise_tail(exception, cleanup, 1);
  asm_.bind(suppressed);
  at(item->context_expr->span);
  emit(Opcode::kLEAVE_HANDLER, W(exception));
  emit(Opcode::kCLEAR, W(exit));
  let_go();
  asm_.bind(end);
}

}  // namespace pt::compiler
