// Statements, except those with a file of their own.
#include "vm/compile/codegen.h"

namespace pt::compiler {

void Codegen::body(const Seq<Stmt*>& statements) {
  for (const Stmt* stmt : statements) statement(stmt);
}

void Codegen::statement(const Stmt* stmt) {
  if (context_.failed() || context_.is_too_deep()) return;
  at(stmt->span);
  switch (stmt->kind) {
    case StmtKind::FunctionDef:
    case StmtKind::AsyncFunctionDef: function_statement(stmt); return;
    case StmtKind::ClassDef: class_statement(as<ClassDef>(stmt)); return;
    case StmtKind::Return: return_statement(as<Return>(stmt)); return;
    case StmtKind::Delete:
      for (const Expr* target : as<Delete>(stmt)->targets) delete_target(target);
      return;
    case StmtKind::Assign: assign(as<Assign>(stmt)); return;
    case StmtKind::AugAssign: augmented_assign(as<AugAssign>(stmt)); return;
    case StmtKind::AnnAssign: annotated_assign(as<AnnAssign>(stmt)); return;
    case StmtKind::For: for_statement(as<For>(stmt)); return;
    case StmtKind::AsyncFor: async_for_statement(as<AsyncFor>(stmt)); return;
    case StmtKind::While: while_statement(as<While>(stmt)); return;
    case StmtKind::If: if_statement(as<If>(stmt)); return;
    case StmtKind::With: with_statement(as<With>(stmt)->items, 0, as<With>(stmt)->body, false, stmt->span); return;
    case StmtKind::AsyncWith: {
      bool is_top_level = context_.options.top_level_await && kind_ == ScopeKind::kModule;
      if (!is_top_level && kind_ != ScopeKind::kAsyncFunction) {
        context_.syntax_error(stmt->span, "'async with' outside async function");
        return;
      }
      with_statement(as<AsyncWith>(stmt)->items, 0, as<AsyncWith>(stmt)->body, true, stmt->span);
      return;
    }
    case StmtKind::Match: match_statement(as<Match>(stmt)); return;
    case StmtKind::Raise: raise_statement(as<Raise>(stmt)); return;
    case StmtKind::Try:
      emit(Opcode::kNOP);  // `try` is a line of its own for tracing
      try_statement(as<Try>(stmt));
      return;
    case StmtKind::TryStar:
      emit(Opcode::kNOP);
      try_star_statement(as<TryStar>(stmt));
      return;
    case StmtKind::Assert: assert_statement(as<Assert>(stmt)); return;
    case StmtKind::Import: import_statement(as<Import>(stmt)); return;
    case StmtKind::ImportFrom: import_from(as<ImportFrom>(stmt)); return;
    case StmtKind::Pass:
      emit(Opcode::kNOP);  // a line for tracing
      return;
    case StmtKind::Global:
    case StmtKind::Nonlocal: return;
    case StmtKind::ExprStmt: expression_statement(as<ExprStmt>(stmt)); return;
    case StmtKind::Break: break_statement(stmt); return;
    case StmtKind::Continue: continue_statement(stmt); return;
  }
}

void Codegen::expression_statement(const ExprStmt* stmt) {
  if (context_.interactive && kind_ == ScopeKind::kModule) {
    Temps temps(*this);
    Operand value = operand(stmt->value);
    at(stmt->span);
    emit(Opcode::kPRINT_EXPRESSION, value);
    return;
  }
  if (is_constant(stmt->value)) {
    at(stmt->value->span);
    emit(Opcode::kNOP);
    return;
  }
  effect(stmt->value);
}

void Codegen::assign(const Assign* stmt) {
  if (stmt->targets.size == 1) {
    assign_single(stmt->targets[0], stmt->value);
    return;
  }
  Temps temps(*this);
  bool may_use_local = true;  // the later targets cannot rebind the first
  for (uint32_t i = 1; i < stmt->targets.size; i++) {
    ExprKind kind = stmt->targets[i]->kind;
    if (kind == ExprKind::Tuple || kind == ExprKind::List || kind == ExprKind::Starred) may_use_local = false;
    if (kind != ExprKind::Name && is_rebindable(stmt->targets[0])) may_use_local = false;
  }
  Operand value;
  uint32_t next = 0;
  if (int local = plain_local(stmt->targets[0]); local >= 0 && may_use_local) {
    assign_single(stmt->targets[0], stmt->value);
    value = live(local);
    next = 1;
  } else {
    value = is_constant(stmt->value) ? operand(stmt->value) : copy_operand(stmt->value);
  }
  for (; next < stmt->targets.size; next++) {
    bool is_last = next + 1 == stmt->targets.size;
    store(stmt->targets[next], is_last ? value : value & ~1);
  }
}

void Codegen::augmented_assign(const AugAssign* stmt) {
  Opcode opcode = binary_opcode(stmt->op, true);
  Temps temps(*this);
  switch (stmt->target->kind) {
    case ExprKind::Name: {
      const Identifier* id = as<Name>(stmt->target)->id;
      is_forbidden(id, ExprContext::Store, stmt->target->span);
      if (int local = plain_local(stmt->target); local >= 0) {
        Operand left = stable_operand(stmt->target, stmt->value);
        Operand right = operand(stmt->value);
        at(stmt->span);
        emit(opcode, W(local), left, right);
        return;
      }
      int reg = alloc();
      load_name(id, reg, stmt->target->span);
      Operand right = operand(stmt->value);
      at(stmt->span);
      emit(opcode, W(reg), killed(reg), right);
      at(stmt->target->span);
      store_name(id, killed(reg));
      return;
    }
    case ExprKind::Attribute: {
      const Attribute* target = as<Attribute>(stmt->target);
      is_forbidden(target->attr, ExprContext::Store, target->span);
      const Identifier* id = mangled(target->attr);
      Operand object = stable_operand(target->value, stmt->value);
      int reg = alloc();
      at(attribute_span(target));
      emit(Opcode::kLOAD_ATTR, W(reg), object & ~1, name_index(id));
      Operand right = operand(stmt->value);
      at(stmt->span);
      emit(opcode, W(reg), killed(reg), right);
      at(attribute_span(target));
      emit(Opcode::kSTORE_ATTR, object, killed(reg), name_index(id));
      return;
    }
    case ExprKind::Subscript: {
      const Subscript* target = as<Subscript>(stmt->target);
      bool is_stable = is_simple(stmt->value);
      Operand object = stable_operand(target->value, is_stable ? target->slice : stmt->value);
      Operand index = stable_operand(target->slice, stmt->value);
      int reg = alloc();
      at(target->span);
      emit(Opcode::kLOAD_ITEM, W(reg), object & ~1, index & ~1);
      Operand right = operand(stmt->value);
      at(stmt->span);
      emit(opcode, W(reg), killed(reg), right);
      at(target->span);
      emit(Opcode::kSTORE_ITEM, object, index, killed(reg));
      return;
    }
    default: context_.syntax_error(stmt->target->span, "illegal expression for augmented assignment");
  }
}

void Codegen::annotated_assign(const AnnAssign* stmt) {
  const Expr* target = stmt->target;
  if (stmt->value) assign_single(target, stmt->value);
  bool is_kept = !is_function_scope();  // annotations of locals are not even evaluated
  switch (target->kind) {
    case ExprKind::Name: {
      const Identifier* id = as<Name>(target)->id;
      if (is_forbidden(id, ExprContext::Store, stmt->span)) return;
      if (!stmt->simple || !is_kept) break;
      Temps temps(*this);
      int reg = alloc();
      annotation_into(stmt->annotation, reg);
      int annotations = alloc();
      at(stmt->span);
      emit(Opcode::kLOAD_NAME, W(annotations), name_index(context_.ids.annotations));
      Operand key = constant_operand_of(str_constant(mangled(id)->view()));
      emit(Opcode::kSTORE_ITEM, killed(annotations), key, killed(reg));
      return;
    }
    case ExprKind::Attribute:
      if (is_forbidden(as<Attribute>(target)->attr, ExprContext::Store, stmt->span)) return;
      if (!stmt->value) effect(as<Attribute>(target)->value);
      break;
    case ExprKind::Subscript:
      if (!stmt->value) {
        effect(as<Subscript>(target)->value);
        const Expr* slice = as<Subscript>(target)->slice;
        if (const Slice* parts = try_as<Slice>(slice)) {
          if (parts->lower) effect(parts->lower);
          if (parts->upper) effect(parts->upper);
          if (parts->step) effect(parts->step);
        } else {
          effect(slice);
        }
      }
      break;
    default: context_.syntax_error(target->span, "invalid node type for annotated assignment"); return;
  }
  if (!stmt->simple && is_kept && !context_.future_annotations) effect(stmt->annotation);
}

void Codegen::return_statement(const Return* stmt) {
  if (!is_function_scope()) {
    context_.syntax_error(stmt->span, "'return' outside function");
    return;
  }
  if (stmt->value && (unit_->flags & kCodeAsyncGenerator)) {
    context_.syntax_error(stmt->span, "'return' with value in async generator");
    return;
  }
  for (Block* block = blocks_; block; block = block->outer) {
    if (block->kind == BlockKind::kGroupHandler) {
      context_.syntax_error(stmt->value && is_constant(stmt->value) ? stmt->value->span : stmt->span,
                            "'break', 'continue' and 'return' cannot appear in an except* block");
      return;
    }
  }
  Temps temps(*this);
  if (!stmt->value || is_constant(stmt->value)) {
    bool runs_code = leaving_runs_code();
    Unwinding unwinding(*this, nullptr);
    if (!runs_code) at(stmt->value ? stmt->value->span : stmt->span);
    Operand value = stmt->value ? operand(stmt->value) : constant_operand_of(none_constant());
    if (!runs_code) at(stmt->span);
    emit(Opcode::kRETURN, value);
    return;
  }
  Operand value;
  int local = plain_local(stmt->value);
  if (local >= 0 && !leaving_runs_code()) {
    use_local(local, stmt->value->span);
    value = killed(local);
    for (Block* block = blocks_; block; block = block->outer) {
      // except E as e: return e
      if (block->kind == BlockKind::kHandler && block->name && variable(block->name).reg == local) {
        value = copy_operand(stmt->value);
        break;
      }
    }
  } else {
    value = copy_operand(stmt->value);
  }
  at(stmt->span);
  int reg = value >= 0 && is_temp(value >> 1) ? value >> 1 : kNoRegister;
  Unwinding unwinding(*this, nullptr, reg);
  emit(Opcode::kRETURN, value);
}

void Codegen::if_statement(const If* stmt) {
  Label orelse, end;
  jump_if(stmt->test, false, orelse);
  body(stmt->body);
  if (!stmt->orelse.empty()) {
    at_end_of_block();
    asm_.jump(end);
    asm_.bind(orelse);
    body(stmt->orelse);
  } else {
    asm_.bind(orelse);
  }
  asm_.bind(end);
}

void Codegen::assert_statement(const Assert* stmt) {
  if (const Tuple* tuple = try_as<Tuple>(stmt->test); tuple && !tuple->elts.empty()) {
    context_.warn(stmt->span, "assertion is always true, perhaps remove parentheses?");
  }
  if (context_.options.optimize > 0) return;
  Label end;
  jump_if(stmt->test, true, end);
  Temps temps(*this);
  int base = alloc();
  at(stmt->span);
  emit(Opcode::kLOAD_ASSERTION_ERROR, W(base));
  if (stmt->msg) {
    const Expr* message = stmt->msg;
    sequence_into(next_temp_, 1, [&](size_t) { return message; });
    at(stmt->span);
    emit(Opcode::kCALL, W(base), 1, W(base));
  }
  at(stmt->span);
  emit(Opcode::kRAISE, killed(base), 0, 1);
  asm_.bind(end);
}

void Codegen::raise_statement(const Raise* stmt) {
  Temps temps(*this);
  if (!stmt->exc) {
    emit(Opcode::kRAISE, 0, 0, 0);
    return;
  }
  Operand exception = stable_operand(stmt->exc, stmt->cause ? stmt->cause : context_.none_expr);
  Operand cause = stmt->cause ? operand(stmt->cause) : 0;
  at(stmt->span);
  emit(Opcode::kRAISE, exception, cause, stmt->cause ? 2 : 1);
}

void Codegen::import_statement(const Import* stmt) {
  for (const Alias* alias : stmt->names) {
    at(stmt->span);
    Temps temps(*this);
    int reg = alloc();
    Operand level = constant_operand_of(int_constant(0));
    Operand none = constant_operand_of(none_constant());
    emit(Opcode::kIMPORT_NAME, W(reg), level, none, static_cast<uint64_t>(name_index(alias->name)));
    std::string_view path = alias->name->view();
    size_t dot = path.find('.');
    if (!alias->asname) {
      const Identifier* first = alias->name;
      if (dot != std::string_view::npos) first = context_.arena.intern(path.substr(0, dot));
      is_forbidden(first, ExprContext::Store, alias->span);
      store_name(first, killed(reg));
      continue;
    }
    // import a.b.c as m: down the attributes
    while (dot != std::string_view::npos) {
      path = path.substr(dot + 1);
      dot = path.find('.');
      const Identifier* part = context_.arena.intern(path.substr(0, dot));
      int attribute = alloc();
      emit(Opcode::kIMPORT_FROM, W(attribute), live(reg), name_index(part));
      emit(Opcode::kMOVE, W(reg), killed(attribute));
    }
    is_forbidden(alias->asname, ExprContext::Store, alias->span);
    store_name(alias->asname, killed(reg));
  }
}

void Codegen::import_from(const ImportFrom* stmt) {
  if (stmt->module && stmt->module->view() == "__future__" && stmt->level == 0 && stmt->span.line > context_.last_future_line) {
    context_.syntax_error(stmt->span, "from __future__ imports must occur at the beginning of the file");
    return;
  }
  Temps temps(*this);
  int module = alloc();
  std::vector<UnitConstant> names;
  for (const Alias* alias : stmt->names) names.push_back(str_unit(alias->name->view()));
  Operand level = constant_operand_of(int_constant(stmt->level));
  Operand from = constant_operand_of(tuple_constant(names));
  const Identifier* name = stmt->module ? stmt->module : context_.arena.intern("");
  emit(Opcode::kIMPORT_NAME, W(module), level, from, static_cast<uint64_t>(name_index(name)));
  for (const Alias* alias : stmt->names) {
    if (alias->name->view() == "*") {
      emit(Opcode::kIMPORT_STAR, killed(module));
      return;
    }
    const Identifier* target = alias->asname ? alias->asname : alias->name;
    is_forbidden(target, ExprContext::Store, alias->span);
    const NameEntry& entry = variable(target);
    if (entry.access == Access::kLocal) {
      int reg = entry.reg;
      emit(Opcode::kIMPORT_FROM, W(reg), live(module), name_index(alias->name));
      mark_bound(reg);
    } else {
      Temps inner(*this);
      int item = alloc();
      emit(Opcode::kIMPORT_FROM, W(item), live(module), name_index(alias->name));
      store_name(target, killed(item));
    }
  }
  emit(Opcode::kCLEAR, W(module));
}

}  // namespace pt::compiler
