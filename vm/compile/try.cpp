// try statements. While a handler runs, two registers hold the exception and the one that was handled before;
// a region over the handler restores the latter when the handler itself raises.
#include "vm/compile/codegen.h"

namespace pt::compiler {

// What falls through re-raises the exception in reg; one that the handler raised comes in the register of the
// copy.
void Codegen::reraise_tail(int reg, Region& cleanup, int at_raise) {
  int copy = reg + 2;
  emit(Opcode::kMOVE, W(copy), live(reg));
  asm_.end(cleanup);
  emit(Opcode::kLEAVE_HANDLER, W(reg));
  emit(Opcode::kRERAISE, killed(copy), at_raise);
  asm_.bind_handler(cleanup);
  asm_.set_no_position();
  emit(Opcode::kLEAVE_HANDLER, W(reg));
  emit(Opcode::kRERAISE, killed(copy), 1);
}

void Codegen::try_statement(const Try* stmt) {
  if (stmt->finalbody.empty()) {
    try_except(stmt);
  } else {
    try_finally(stmt->span, stmt->finalbody, stmt, nullptr);
  }
}

void Codegen::try_star_statement(const TryStar* stmt) {
  if (stmt->finalbody.empty()) {
    try_star_except(stmt);
  } else {
    try_finally(stmt->span, stmt->finalbody, nullptr, stmt);
  }
}

void Codegen::try_finally(const Span& span, const Seq<Stmt*>& final_body, const Try* plain, const TryStar* star) {
  Temps temps(*this);
  int reg = next_temp_;
  Label end;
  Region region;
  asm_.begin(region, reg);
  {
    Block block{.kind = BlockKind::kFinally, .region = &region, .final_body = &final_body, .span = span};
    BlockScope scope(*this, block);
    if (plain) {
      if (plain->handlers.empty()) {
        body(plain->body);
      } else {
        try_except(plain);
      }
    } else if (star->handlers.empty()) {
      body(star->body);
    } else {
      try_star_except(star);
    }
  }
  asm_.end(region);
  body(final_body);
  at_end_of_block();
  asm_.jump(end);

  asm_.bind_handler(region);
  asm_.set_no_position();
  alloc(), alloc();
  emit(Opcode::kENTER_HANDLER, W(reg));
  Region cleanup;
  alloc();  // for the exception to be raised at the end
  next_temp_--;
  asm_.begin(cleanup, reg + 2);
  {
    Block block{.kind = BlockKind::kHandler, .region = &cleanup, .reg = reg, .span = span};
    BlockScope scope(*this, block);
    body(final_body);
  }
  reraise_tail(reg, cleanup);
  asm_.bind(end);
}

void Codegen::try_except(const Try* stmt) {
  Temps temps(*this);
  int reg = next_temp_;
  Label end;
  Region region;
  asm_.begin(region, reg);
  {
    Block block{.kind = BlockKind::kTry, .region = &region, .span = stmt->span};
    BlockScope scope(*this, block);
    body(stmt->body);
  }
  asm_.end(region);
  body(stmt->orelse);
  at_end_of_block();
  asm_.jump(end);

  asm_.bind_handler(region);
  asm_.set_no_position();
  alloc(), alloc();
  alloc(), next_temp_--;  // reraise_tail's
  emit(Opcode::kENTER_HANDLER, W(reg));
  Region cleanup;
  asm_.begin(cleanup, reg + 2);
  for (uint32_t i = 0; i < stmt->handlers.size; i++) {
    const ExceptClause* handler = as<ExceptClause>(stmt->handlers[i]);
    if (!handler->type && i + 1 < stmt->handlers.size) {
      context_.syntax_error(handler->span, "default 'except:' must be last");
      break;
    }
    Label next;
    if (handler->type) {
      Temps inner(*this);
      Operand type = operand(handler->type);
      at(handler->type->span);
      asm_.emit_jump(Opcode::kJUMP_IF_NO_MATCH, live(reg), type, 0, next);
    }
    at(handler->span);
    if (!handler->type) emit(Opcode::kNOP);
    Region named;
    Block block{.kind = BlockKind::kHandler, .region = &cleanup, .reg = reg, .span = handler->span, .weight = 2};
    if (handler->name) {
      is_forbidden(handler->name, ExprContext::Store, handler->span);
      store_name(handler->name, live(reg));
      block.name = handler->name;
      block.region2 = &named;
      asm_.begin(named, reg + 2);
    }
    {
      BlockScope scope(*this, block);
      body(handler->body);
    }
    if (handler->name) asm_.end(named);
    asm_.suspend(cleanup);
    asm_.set_no_position();
    emit(Opcode::kLEAVE_HANDLER, W(reg));
    if (handler->name) unbind_name(handler->name);
    asm_.jump(end);
    if (handler->name) {
      asm_.bind_handler(named);
      Temps inner(*this);
      alloc();  // the exception that the handler raised
      unbind_name(handler->name);
      emit(Opcode::kLEAVE_HANDLER, W(reg));
      emit(Opcode::kRERAISE, killed(reg + 2), 1);
    }
    asm_.resume(cleanup);
    asm_.bind(next);
    if (handler->type) at(handler->type->span);
  }
  reraise_tail(reg, cleanup);
  asm_.bind(end);
}

void Codegen::try_star_except(const TryStar* stmt) {
  Temps temps(*this);
  int reg = next_temp_;
  Label end;
  Region region;
  asm_.begin(region, reg);
  {
    Block block{.kind = BlockKind::kTry, .region = &region, .span = stmt->span};
    BlockScope scope(*this, block);
    body(stmt->body);
  }
  asm_.end(region);
  body(stmt->orelse);
  at_end_of_block();
  asm_.jump(end);

  // reg, reg + 1: the exception and the one handled before. Then what handlers raised, and the part not yet
  // handled.
  asm_.bind_handler(region);
  asm_.set_no_position();
  alloc(), alloc();
  emit(Opcode::kENTER_HANDLER, W(reg));
  Region cleanup;
  asm_.begin(cleanup, reg + 2);
  int raised = alloc();
  int rest = alloc();
  emit(Opcode::kBUILD_LIST, W(raised), W(raised), 0);
  emit(Opcode::kMOVE, W(rest), live(reg));
  for (const ExceptHandler* node : stmt->handlers) {
    const ExceptClause* handler = as<ExceptClause>(node);
    Label no_match;
    Temps inner(*this);
    int match = alloc();
    int new_rest = alloc();
    {
      Temps for_type(*this);
      Operand type = operand(handler->type);
      at(handler->type->span);
      emit(Opcode::kMATCH_GROUP, W(match), killed(rest), type);
    }
    emit(Opcode::kMOVE, W(rest), killed(new_rest));
    asm_.emit_jump(Opcode::kJUMP_IF_NONE, live(match), no_match);
    next_temp_ = new_rest;  // an exception in the handler arrives there
    at(handler->span);
    if (handler->name) {
      is_forbidden(handler->name, ExprContext::Store, handler->span);
      store_name(handler->name, live(match));
    }
    Region named;
    asm_.begin(named, new_rest);
    {
      Block block{.kind = BlockKind::kGroupHandler, .region = &named, .span = handler->span, .weight = 2};
      BlockScope scope(*this, block);
      body(handler->body);
    }
    asm_.end(named);
    asm_.set_no_position();
    if (handler->name) unbind_name(handler->name);
    asm_.jump(no_match);
    asm_.bind_handler(named);
    alloc();
    if (handler->name) unbind_name(handler->name);
    emit(Opcode::kLIST_APPEND, live(raised), killed(new_rest));
    asm_.bind(no_match);
    emit(Opcode::kCLEAR, W(match));
  }
  asm_.set_no_position();
  int result = alloc();
  Label reraise;
  emit(Opcode::kLIST_APPEND, live(raised), killed(rest));
  emit(Opcode::kPREPARE_RERAISE_STAR, W(result), live(reg), killed(raised));
  asm_.emit_jump(Opcode::kJUMP_IF_NOT_NONE, live(result), reraise);
  asm_.end(cleanup);
  emit(Opcode::kCLEAR, W(result));
  emit(Opcode::kLEAVE_HANDLER, W(reg));
  asm_.jump(end);
  asm_.bind(reraise);
  emit(Opcode::kLEAVE_HANDLER, W(reg));
  emit(Opcode::kRERAISE, killed(result));
  asm_.bind_handler(cleanup);
  emit(Opcode::kLEAVE_HANDLER, W(reg));
  emit(Opcode::kRERAISE, killed(reg + 2), 1);
  asm_.bind(end);
}

}  // namespace pt::compiler
