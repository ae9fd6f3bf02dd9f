// Comprehensions and generator expressions: functions of one argument, the first iterator.
#include "vm/compile/codegen.h"

namespace pt::compiler {

void Codegen::comprehension(const Expr* expr, const Seq<Comprehension*>& generators, int dest) {
  const Scope* scope = context_.symbols->scope_of(expr);
  if (!scope || context_.is_too_deep()) return;
  const Identifier* name;
  switch (expr->kind) {
    case ExprKind::ListComp: name = context_.ids.listcomp; break;
    case ExprKind::SetComp: name = context_.ids.setcomp; break;
    case ExprKind::DictComp: name = context_.ids.dictcomp; break;
    default: name = context_.ids.genexpr;
  }
  bool is_awaited = scope->is_coroutine && expr->kind != ExprKind::GeneratorExp;
  bool is_top_level = context_.options.top_level_await && kind_ == ScopeKind::kModule;
  if (is_awaited && kind_ != ScopeKind::kAsyncFunction && kind_ != ScopeKind::kComprehension && !is_top_level) {
    context_.syntax_error(expr->span, "asynchronous comprehension outside of an asynchronous function");
    return;
  }
  Codegen* child = new Codegen(context_, this, scope, ScopeKind::kComprehension, name, expr->span.line);
  CodeUnit* code = child->comprehension_body(expr, generators);
  delete child;

  Temps temps(*this);
  int base = base_for(dest);
  at(expr->span);
  {
    Temps inner(*this);
    next_temp_ = base;
    function_object(code, 0, base, base);
  }
  const Comprehension* first = generators[0];
  int argument = alloc();
  Operand iterable = iterable_operand(first->iter, argument);
  at(expr->span);
  emit(first->is_async ? Opcode::kGET_AITER : Opcode::kGET_ITER, W(argument), iterable);
  at(expr->span);
  if (!is_awaited) {
    emit(Opcode::kCALL, W(base), 1, W(dest));
    return;
  }
  emit(Opcode::kCALL, W(base), 1, W(base));
  next_temp_ = base + 1;
  emit(Opcode::kGET_AWAITABLE, W(base), killed(base), 0);
  send_loop(base);
  if (base != dest) emit(Opcode::kMOVE, W(dest), killed(base));
}

CodeUnit* Codegen::comprehension_body(const Expr* expr, const Seq<Comprehension*>& generators) {
  unit_->argument_count = 1;
  prologue();
  at(expr->span);
  Temps temps(*this);
  int result = kNoRegister;
  if (expr->kind != ExprKind::GeneratorExp) {
    result = alloc();
    Opcode build = expr->kind == ExprKind::ListComp  ? Opcode::kBUILD_LIST
                   : expr->kind == ExprKind::SetComp ? Opcode::kBUILD_SET
                                                     : Opcode::kBUILD_MAP;
    emit(build, W(result), W(result), 0);
  }
  comprehension_loop(expr, generators, 0, result);
  at(expr->span);
  if (result >= 0) emit(Opcode::kRETURN, killed(result));
  return finish();
}

void Codegen::comprehension_loop(const Expr* expr, const Seq<Comprehension*>& generators, size_t index, int result) {
  if (context_.is_too_deep()) return;
  const Comprehension* generator = generators[index];
  Temps temps(*this);
  int iterator = 0;  // the argument
  if (index > 0) {
    iterator = alloc();
    Operand iterable = iterable_operand(generator->iter, iterator);
    at(expr->span);
    emit(generator->is_async ? Opcode::kGET_AITER : Opcode::kGET_ITER, W(iterator), iterable);
  }
  int loop = loop_count_++;
  Label head, next, done;
  Region region;
  asm_.bind_loop(head);
  if (generator->is_async) {
    async_next_item(iterator, generator->target, region, expr->span);
  } else {
    next_item(iterator, generator->target, done, expr->span);
  }
  for (const Expr* condition : generator->ifs) jump_if(condition, false, next);
  if (index + 1 < generators.size) {
    comprehension_loop(expr, generators, index + 1, result);
  } else {
    Temps inner(*this);
    switch (expr->kind) {
      case ExprKind::ListComp: {
        const Expr* element = as<ListComp>(expr)->elt;
        Operand value = operand(element);
        at(element->span);
        emit(Opcode::kLIST_APPEND, live(result), value);
        break;
      }
      case ExprKind::SetComp: {
        const Expr* element = as<SetComp>(expr)->elt;
        Operand value = operand(element);
        at(element->span);
        emit(Opcode::kSET_ADD, live(result), value);
        break;
      }
      case ExprKind::DictComp: {
        const DictComp* node = as<DictComp>(expr);
        Operand key = stable_operand(node->key, node->value);
        Operand value = operand(node->value);
        at({node->key->span.line, node->key->span.col, node->value->span.end_line, node->value->span.end_col});
        emit(Opcode::kMAP_ADD, live(result), key, value);
        break;
      }
      default: {
        const Expr* element = as<GeneratorExp>(expr)->elt;
        int sent = alloc();
        Operand value = operand(element, sent);
        at(element->span);
        if (unit_->flags & kCodeAsyncGenerator) {
          emit(Opcode::kASYNC_GEN_WRAP, W(sent), value);
          value = killed(sent);
        }
        emit(Opcode::kYIELD, W(sent), value, live(sent == next_temp_ - 1 ? sent : next_temp_));
        emit(Opcode::kCLEAR, W(sent));
      }
    }
  }
  asm_.bind(next);
  jump_back(loop, head);
  if (generator->is_async) end_async_loop(iterator, region, generator->iter->span);
  asm_.bind(done);
}

}  // namespace pt::compiler
