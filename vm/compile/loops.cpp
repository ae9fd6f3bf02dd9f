// Loops, and leaving blocks by break, continue and return.
#include "vm/compile/codegen.h"

namespace pt::compiler {

// Jumps at the end of a block belong to no line where paths meet, otherwise to the last statement's.
void Codegen::at_end_of_block() {
  if (asm_.at_label()) asm_.set_no_position();
}
void Codegen::jump_back(int loop, Label& head) { asm_.emit_jump(Opcode::kJUMP_BACK, loop & 0x7FFF, head); }

// FOR_ITER and the store to the target.
void Codegen::next_item(int iterator, const Expr* target, Label& done, const Span& span) {
  at(span);
  if (int local = plain_local(target); local >= 0) {
    is_forbidden(as<Name>(target)->id, ExprContext::Store, target->span);
    asm_.emit_jump(Opcode::kFOR_ITER, W(local), W(iterator), 0, done);
    mark_bound(local);
    return;
  }
  Temps temps(*this);
  int item = alloc();
  asm_.emit_jump(Opcode::kFOR_ITER, W(item), W(iterator), 0, done);
  store(target, killed(item));
}

// Awaits the next item and stores it; the end arrives at the region's handler, see end_async_loop.
void Codegen::async_next_item(int iterator, const Expr* target, Region& region, const Span& span) {
  Temps temps(*this);
  at(span);
  asm_.begin(region, next_temp_);
  int item = alloc();
  emit(Opcode::kGET_ANEXT, W(item), live(iterator));
  send_loop(item);
  asm_.end(region);
  store(target, killed(item));
}

void Codegen::end_async_loop(int iterator, Region& region, const Span& span) {
  asm_.bind_handler(region);
  at(span);
  int exception = static_cast<int>(region.depth);
  Label reraise, over;
  asm_.emit_jump(Opcode::kJUMP_IF_NOT_STOP_ASYNC, live(exception), reraise);
  emit(Opcode::kCLEAR, W(exception));
  emit(Opcode::kCLEAR, W(iterator));
  asm_.jump(over);
  asm_.bind(reraise);
  emit(Opcode::kRERAISE, killed(exception));
  asm_.bind(over);
}

void Codegen::for_statement(const For* stmt) {
  Temps temps(*this);
  int iterator = alloc();
  Operand iterable = iterable_operand(stmt->iter, iterator);
  at(stmt->span);
  emit(Opcode::kGET_ITER, W(iterator), iterable);
  Label head, done, end;
  Block block{.kind = BlockKind::kForLoop,
              .reg = iterator,
              .loop = loop_count_++,
              .break_label = &end,
              .continue_label = &head,
              .span = stmt->span};
  asm_.bind_loop(head);
  {
    BlockScope scope(*this, block);
    next_item(iterator, stmt->target, done, stmt->span);
    body(stmt->body);
    at_end_of_block();
    jump_back(block.loop, head);
  }
  asm_.bind(done);
  body(stmt->orelse);
  asm_.bind(end);
}

void Codegen::async_for_statement(const AsyncFor* stmt) {
  bool is_top_level = context_.options.top_level_await && kind_ == ScopeKind::kModule;
  if (!is_top_level && kind_ != ScopeKind::kAsyncFunction) {
    context_.syntax_error(stmt->span, "'async for' outside async function");
    return;
  }
  Temps temps(*this);
  int iterator = alloc();
  Operand iterable = operand(stmt->iter, iterator);
  at(stmt->span);
  emit(Opcode::kGET_AITER, W(iterator), iterable);
  Label head, end;
  Region region;
  Block block{.kind = BlockKind::kForLoop,
              .reg = iterator,
              .loop = loop_count_++,
              .break_label = &end,
              .continue_label = &head,
              .span = stmt->span};
  asm_.bind_loop(head);
  {
    BlockScope scope(*this, block);
    async_next_item(iterator, stmt->target, region, stmt->span);
    body(stmt->body);
    at_end_of_block();
    jump_back(block.loop, head);
  }
  end_async_loop(iterator, region, stmt->span);
  body(stmt->orelse);
  asm_.bind(end);
}

void Codegen::while_statement(const While* stmt) {
  Label head, done, end;
  Block block{
      .kind = BlockKind::kWhileLoop, .loop = loop_count_++, .break_label = &end, .continue_label = &head, .span = stmt->span};
  // `while True` tests nothing: its line shows before the loop and at each jump back.
  bool endless = truth_of(stmt->test) == 1;
  if (endless) {
    at(stmt->test->span);
    emit(Opcode::kNOP);
  }
  asm_.bind_loop(head);
  {
    BlockScope scope(*this, block);
    if (!endless) jump_if(stmt->test, false, done);
    body(stmt->body);
    at_end_of_block();
    if (endless) at(stmt->test->span);
    jump_back(block.loop, head);
  }
  asm_.bind(done);
  body(stmt->orelse);
  asm_.bind(end);
}

Block* Codegen::enclosing_loop(const Stmt* stmt, const char* message) {
  for (Block* block = blocks_; block; block = block->outer) {
    if (block->kind == BlockKind::kGroupHandler) {
      context_.syntax_error(stmt->span, "'break', 'continue' and 'return' cannot appear in an except* block");
      return nullptr;
    }
    if (block->kind == BlockKind::kWhileLoop || block->kind == BlockKind::kForLoop) return block;
  }
  context_.syntax_error(stmt->span, "%s", message);
  return nullptr;
}

void Codegen::break_statement(const Stmt* stmt) {
  Block* loop = enclosing_loop(stmt, "'break' outside loop");
  if (!loop) return;
  Unwinding unwinding(*this, loop->outer);
  asm_.jump(*loop->break_label);
}

void Codegen::continue_statement(const Stmt* stmt) {
  Block* loop = enclosing_loop(stmt, "'continue' not properly in loop");
  if (!loop) return;
  Unwinding unwinding(*this, loop);
  jump_back(loop->loop, *loop->continue_label);
}

bool Codegen::leaving_runs_code(const Block* until) const {
  for (const Block* block = blocks_; block != until; block = block->outer) {
    if (block->kind == BlockKind::kFinally || block->kind == BlockKind::kWith || block->kind == BlockKind::kAsyncWith)
      return true;
  }
  return false;
}

// exit(None, None, None); awaits it for async with.
void Codegen::call_exit(int exit_register, bool is_async) {
  Temps temps(*this);
  int base = exit_register;
  if (exit_register != next_temp_ - 1) {
    base = alloc();
    emit(Opcode::kMOVE, W(base), killed(exit_register));
  }
  for (int i = 0; i < 3; i++) load_constant(alloc(), none_constant());
  emit(Opcode::kCALL, W(base), 3, W(base));
  next_temp_ = base + 1;
  if (is_async) {
    emit(Opcode::kGET_AWAITABLE, W(base), killed(base), 2);
    send_loop(base);
  }
  emit(Opcode::kCLEAR, W(base));
}

// Leaves one block; the blocks inside it are left already. blocks_ is what is outside it.
void Codegen::leave_block(Block& block, int value) {
  switch (block.kind) {
    case BlockKind::kForLoop:
    case BlockKind::kValue: emit(Opcode::kCLEAR, W(block.reg)); return;
    case BlockKind::kFinally: {
      if (value < 0) {
        body(*block.final_body);
        return;
      }
      Block pending{.kind = BlockKind::kValue, .reg = value, .span = block.span};
      BlockScope scope(*this, pending);
      body(*block.final_body);
      return;
    }
    case BlockKind::kHandler:
      emit(Opcode::kLEAVE_HANDLER, W(block.reg));
      if (block.name) unbind_name(block.name);
      return;
    case BlockKind::kWith:
    case BlockKind::kAsyncWith:
      at(block.span);
      call_exit(block.reg, block.kind == BlockKind::kAsyncWith);
      if (block.manager >= 0) emit(Opcode::kCLEAR, W(block.manager));
      return;
    default: return;
  }
}

Unwinding::Unwinding(Codegen& generator, Block* until, int value)
    : generator_(generator), innermost_(generator.blocks_), until_(until), depth_(generator.block_depth_) {
  Span span = generator.asm_.position();
  // The statement that leaves is a line of its own, before the code that runs because of it; after that it has no line.
  if (generator.leaving_runs_code(until)) generator.emit(Opcode::kNOP);
  for (Block* block = innermost_; block != until; block = block->outer) {
    generator.blocks_ = block->outer;
    generator.block_depth_ -= block->weight;
    if (block->region) generator.asm_.suspend(*block->region);
    if (block->region2) generator.asm_.suspend(*block->region2);
    bool is_with = block->kind == BlockKind::kWith || block->kind == BlockKind::kAsyncWith;
    if (is_with) generator.at(block->span);
    generator.leave_block(*block, value);
    if (is_with || block->kind == BlockKind::kFinally) span = {-1, -1, -1, -1};
    generator.at(span);
  }
}

Unwinding::~Unwinding() {
  for (Block* block = innermost_; block != until_; block = block->outer) {
    if (block->region) generator_.asm_.resume(*block->region);
    if (block->region2) generator_.asm_.resume(*block->region2);
  }
  generator_.blocks_ = innermost_;
  generator_.block_depth_ = depth_;
}

}  // namespace pt::compiler
