// Functions, lambdas, classes and their decorators.
#include "vm/compile/codegen.h"
#include "vm/compile/unparse.h"

namespace pt::compiler {
namespace {

const Constant* docstring_of(const Seq<Stmt*>& statements) {
  if (statements.empty()) return nullptr;
  const ExprStmt* first = try_as<ExprStmt>(statements[0]);
  if (!first) return nullptr;
  const Constant* constant = try_as<Constant>(first->value);
  return constant && constant->value.kind == LiteralKind::Str ? constant : nullptr;
}

bool any_annotations(const Seq<ExceptHandler*>& handlers) {
  for (const ExceptHandler* handler : handlers) {
    if (has_annotations(as<ExceptClause>(handler)->body)) return true;
  }
  return false;
}

}  // namespace

bool has_annotations(const Seq<Stmt*>& statements) {
  for (const Stmt* stmt : statements) {
    bool found = false;
    switch (stmt->kind) {
      case StmtKind::AnnAssign: return true;
      case StmtKind::For: found = has_annotations(as<For>(stmt)->body) || has_annotations(as<For>(stmt)->orelse); break;
      case StmtKind::AsyncFor:
        found = has_annotations(as<AsyncFor>(stmt)->body) || has_annotations(as<AsyncFor>(stmt)->orelse);
        break;
      case StmtKind::While: found = has_annotations(as<While>(stmt)->body) || has_annotations(as<While>(stmt)->orelse); break;
      case StmtKind::If: found = has_annotations(as<If>(stmt)->body) || has_annotations(as<If>(stmt)->orelse); break;
      case StmtKind::With: found = has_annotations(as<With>(stmt)->body); break;
      case StmtKind::AsyncWith: found = has_annotations(as<AsyncWith>(stmt)->body); break;
      case StmtKind::Match:
        for (const MatchCase* match_case : as<Match>(stmt)->cases) found |= has_annotations(match_case->body);
        break;
      case StmtKind::Try: {
        const Try* node = as<Try>(stmt);
        found = has_annotations(node->body) || any_annotations(node->handlers) || has_annotations(node->orelse) ||
                has_annotations(node->finalbody);
        break;
      }
      case StmtKind::TryStar: {
        const TryStar* node = as<TryStar>(stmt);
        found = has_annotations(node->body) || any_annotations(node->handlers) || has_annotations(node->orelse) ||
                has_annotations(node->finalbody);
        break;
      }
      default: break;
    }
    if (found) return true;
  }
  return false;
}

// The body of a module or class: annotations, docstring, statements.
void Codegen::namespace_body(const Seq<Stmt*>& statements) {
  if (has_annotations(statements)) emit(Opcode::kSETUP_ANNOTATIONS);
  Seq<Stmt*> rest = statements;
  if (const Constant* docstring = docstring_of(statements)) {
    rest.data++, rest.size--;
    if (context_.options.optimize < 2) {
      at(docstring->span);
      store_name(context_.ids.doc, constant_operand_of(add_constant(make_constant(&docstring->value))));
    }
  }
  body(rest);
}

void Codegen::annotation_into(const Expr* annotation, int dest) {
  if (context_.future_annotations) {
    at(annotation->span);
    load_constant(dest, str_constant(unparse(context_.arena, annotation)));
    return;
  }
  if (const Starred* starred = try_as<Starred>(annotation)) {
    Temps temps(*this);
    int reg = alloc();
    into(starred->value, reg);
    at(annotation->span);
    emit(Opcode::kUNPACK_SEQUENCE, W(dest), killed(reg), 1);
    return;
  }
  into(annotation, dest);
}

// Puts name, value, ... of all annotations into consecutive registers from `first` = next_temp_; returns
// their number.
int Codegen::collect_annotations(const Arguments* args, const Expr* returns, int first) {
  auto add = [&](const Identifier* name, const Expr* annotation) {
    if (!annotation) return;
    int key = alloc();
    at(annotation->span);
    load_constant(key, str_constant(mangled(name)->view()));
    annotation_into(annotation, alloc());
  };
  for (const Arg* arg : args->args) add(arg->arg, arg->annotation);
  for (const Arg* arg : args->posonlyargs) add(arg->arg, arg->annotation);
  if (args->vararg) add(args->vararg->arg, args->vararg->annotation);
  for (const Arg* arg : args->kwonlyargs) add(arg->arg, arg->annotation);
  if (args->kwarg) add(args->kwarg->arg, args->kwarg->annotation);
  add(context_.ids.return_, returns);
  return next_temp_ - first;
}

// (name, value, ...) in the next register. False: there are none.
bool Codegen::keyword_defaults(const Arguments* args, const Span& span) {
  std::vector<UnitConstant> items;
  bool all_constant = true, any = false;
  for (uint32_t i = 0; i < args->kw_defaults.size && all_constant; i++) {
    if (!args->kw_defaults[i]) continue;
    any = true;
    items.push_back(str_unit(mangled(args->kwonlyargs[i]->arg)->view()));
    items.emplace_back();
    all_constant = constant_of(args->kw_defaults[i], &items.back());
  }
  if (!any) return false;
  int first = next_temp_;
  if (all_constant) {
    at(span);
    load_constant(alloc(), tuple_constant(items));
    return true;
  }
  for (uint32_t i = 0; i < args->kw_defaults.size; i++) {
    if (!args->kw_defaults[i]) continue;
    int key = alloc();
    at(span);
    load_constant(key, str_constant(mangled(args->kwonlyargs[i]->arg)->view()));
    into(args->kw_defaults[i], alloc());
  }
  at(span);
  emit(Opcode::kBUILD_TUPLE, W(first), W(first), next_temp_ - first);
  next_temp_ = first + 1;
  return true;
}

void Codegen::check_debug_args(const Arguments* args, const Span& span) {
  auto check = [&](const Arg* arg) {
    if (arg) is_forbidden(arg->arg, ExprContext::Store, span);
  };
  for (const Arg* arg : args->posonlyargs) check(arg);
  for (const Arg* arg : args->args) check(arg);
  check(args->vararg);
  for (const Arg* arg : args->kwonlyargs) check(arg);
  check(args->kwarg);
}

void Codegen::make_function(const void* node, ScopeKind kind, const Identifier* name, const Arguments* args, const Expr* returns,
                            const Seq<Stmt*>* statements, const Expr* lambda_body, int first_line, int dest, const Span& span) {
  check_debug_args(args, span);
  Temps temps(*this);
  if (is_temp(dest) && dest == next_temp_ - 1) next_temp_ = dest;
  int base = next_temp_;
  int flags = 0;
  if (!args->defaults.empty()) {
    int reg = alloc();
    std::vector<UnitConstant> items(args->defaults.size);
    bool all_constant = true;
    for (uint32_t i = 0; i < args->defaults.size && all_constant; i++) {
      all_constant = constant_of(args->defaults[i], &items[i]);
    }
    at(span);
    if (all_constant) {
      load_constant(reg, tuple_constant(items));
    } else {
      build_sequence(Opcode::kBUILD_TUPLE, args->defaults, reg, span);
    }
    flags |= 1;
  }
  if (keyword_defaults(args, span)) flags |= 2;
  int first = next_temp_;
  if (int count = collect_annotations(args, returns, first)) {
    at(span);
    emit(Opcode::kBUILD_TUPLE, W(first), W(first), count);
    next_temp_ = first + 1;
    flags |= 4;
  }
  const Scope* scope = context_.symbols->scope_of(node);
  if (!scope || context_.is_too_deep()) return;
  Codegen* child = new Codegen(context_, this, scope, kind, name, first_line);
  CodeUnit* code = child->function_body(args, statements, lambda_body);
  delete child;
  at(span);
  function_object(code, flags, base, dest);
}

// Makes the function of `code` in dest; what `flags` says lies in registers from `base`, below next_temp_.
void Codegen::function_object(CodeUnit* code, int flags, int base, int dest) {
  if (!asm_.is_reachable()) return;
  Temps temps(*this);
  if (code->free_count > 0) {
    int first = next_temp_;
    for (uint32_t i = 0; i < code->free_count; i++) {
      const Identifier* name = code->local_names[code->free_register + i];
      int cell = name == context_.ids.class_ && class_cell_ >= 0 ? class_cell_ : names_[name].reg;
      int reg = alloc();
      if (cell < 0) {
        context_.syntax_error(asm_.position(), "no binding for free variable '%s'", name->utf8);
        return;
      }
      emit(Opcode::kMOVE_BORROW, W(reg), live(cell));
    }
    emit(Opcode::kBUILD_TUPLE, W(first), W(first), static_cast<int>(code->free_count));
    flags |= 8;
  }
  UnitConstant constant{};
  constant.kind = UnitKind::kCode;
  constant.code = code;
  emit(Opcode::kMAKE_FUNCTION, W(dest), W(base), flags, static_cast<uint64_t>(add_constant(constant)));
}

CodeUnit* Codegen::function_body(const Arguments* args, const Seq<Stmt*>* statements, const Expr* lambda_body) {
  unit_->positional_only_count = args->posonlyargs.size;
  unit_->argument_count = args->posonlyargs.size + args->args.size;
  unit_->keyword_only_count = args->kwonlyargs.size;
  if (lambda_body) {
    none_constant();  // where a docstring would be
    prologue();
    Temps temps(*this);
    int local = plain_local(lambda_body);
    Operand value = operand(lambda_body);
    at(lambda_body->span);
    emit(Opcode::kRETURN, local >= 0 ? killed(local) : value);
    return finish();
  }
  Seq<Stmt*> rest = *statements;
  if (const Constant* docstring = docstring_of(rest)) {
    rest.data++, rest.size--;
    if (context_.options.optimize < 2) {
      add_constant(make_constant(&docstring->value));
      unit_->docstring = &constants_[0];
    }
  }
  if (!unit_->docstring) none_constant();  // where programs look for it
  add_unbindable(rest);
  prologue();
  body(rest);
  return finish();
}

int Codegen::load_decorators(const Seq<Expr*>& decorators) {
  int first = next_temp_;
  for (const Expr* decorator : decorators) into(decorator, alloc());
  return first;
}

// The decorated thing lies just above its decorators; the result ends up in the first of these registers.
void Codegen::apply_decorators(const Seq<Expr*>& decorators, int first) {
  for (uint32_t i = decorators.size; i-- > 0;) {
    at(decorators[i]->span);
    int reg = first + static_cast<int>(i);
    emit(Opcode::kCALL, W(reg), 1, W(reg));
  }
}

void Codegen::function_statement(const Stmt* stmt) {
  // The two kinds of definition have the same fields.
  bool is_async = stmt->kind == StmtKind::AsyncFunctionDef;
  const Identifier* name = is_async ? as<AsyncFunctionDef>(stmt)->name : as<FunctionDef>(stmt)->name;
  const Arguments* args = is_async ? as<AsyncFunctionDef>(stmt)->args : as<FunctionDef>(stmt)->args;
  const Expr* returns = is_async ? as<AsyncFunctionDef>(stmt)->returns : as<FunctionDef>(stmt)->returns;
  const Seq<Stmt*>& statements = is_async ? as<AsyncFunctionDef>(stmt)->body : as<FunctionDef>(stmt)->body;
  const Seq<Expr*>& decorators = is_async ? as<AsyncFunctionDef>(stmt)->decorator_list : as<FunctionDef>(stmt)->decorator_list;
  ScopeKind kind = is_async ? ScopeKind::kAsyncFunction : ScopeKind::kFunction;
  is_forbidden(name, ExprContext::Store, stmt->span);
  Temps temps(*this);
  int first_line = decorators.empty() ? stmt->span.line : decorators[0]->span.line;
  const NameEntry& entry = variable(name);
  if (decorators.empty() && entry.access == Access::kLocal) {
    int reg = entry.reg;
    make_function(stmt, kind, name, args, returns, &statements, nullptr, first_line, reg, stmt->span);
    mark_bound(reg);
    return;
  }
  int first = load_decorators(decorators);
  make_function(stmt, kind, name, args, returns, &statements, nullptr, first_line, alloc(), stmt->span);
  apply_decorators(decorators, first);
  at(stmt->span);
  store_name(name, killed(first));
}

void Codegen::lambda(const Lambda* expr, int dest) {
  make_function(expr, ScopeKind::kLambda, context_.ids.lambda, expr->args, nullptr, nullptr, expr->body, expr->span.line, dest,
                expr->span);
}

void Codegen::class_statement(const ClassDef* stmt) {
  is_forbidden(stmt->name, ExprContext::Store, stmt->span);
  check_keywords(stmt->keywords, stmt->span);
  Temps temps(*this);
  int first = load_decorators(stmt->decorator_list);
  int first_line = stmt->decorator_list.empty() ? stmt->span.line : stmt->decorator_list[0]->span.line;
  const Scope* scope = context_.symbols->scope_of(stmt);
  if (!scope || context_.is_too_deep()) return;
  Codegen* child = new Codegen(context_, this, scope, ScopeKind::kClass, stmt->name, first_line);
  CodeUnit* code = child->class_body(stmt);
  delete child;

  at(stmt->span);
  int base = alloc();
  emit(Opcode::kLOAD_BUILD_CLASS, W(base));
  int function = alloc();
  {
    Temps inner(*this);
    next_temp_ = function;  // the closure is collected where the function will be
    function_object(code, 0, function, function);
  }
  int name = alloc();
  load_constant(name, str_constant(stmt->name->view()));
  const NameEntry& entry = variable(stmt->name);
  int dest = stmt->decorator_list.empty() && entry.access == Access::kLocal ? entry.reg : base;
  call_with(base, 2, stmt->bases, stmt->keywords, dest, stmt->span);
  if (dest != base) {
    mark_bound(dest);
    return;
  }
  apply_decorators(stmt->decorator_list, first);
  at(stmt->span);
  store_name(stmt->name, killed(first));
}

CodeUnit* Codegen::class_body(const ClassDef* stmt) {
  prologue();
  {
    Temps temps(*this);
    int reg = alloc();
    emit(Opcode::kLOAD_NAME, W(reg), name_index(context_.ids.name));
    emit(Opcode::kSTORE_NAME, name_index(context_.ids.module), killed(reg));
    Operand qualname = constant_operand_of(str_constant(unit_->qualname));
    emit(Opcode::kSTORE_NAME, name_index(context_.ids.qualname), qualname);
  }
  namespace_body(stmt->body);
  asm_.set_no_position();
  if (class_cell_ >= 0) {
    emit(Opcode::kSTORE_NAME, name_index(context_.ids.classcell), live(class_cell_));
    emit(Opcode::kRETURN, live(class_cell_));
  }
  return finish();
}

}  // namespace pt::compiler
