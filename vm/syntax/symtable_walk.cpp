// The walk over the tree that collects names and reports what contradicts itself within a block.
#include "vm/syntax/symtable_builder.h"

namespace pt::syntax {

bool SymbolTableBuilder::visit(Seq<Stmt*> body) {
  for (const Stmt* s : body)
    if (!visit(s)) return false;
  return true;
}

bool SymbolTableBuilder::visit(Seq<Expr*> exprs) {
  for (const Expr* e : exprs)
    if (!visit(e)) return false;
  return true;
}

bool SymbolTableBuilder::visit(Seq<Pattern*> patterns) {
  for (const Pattern* p : patterns)
    if (!visit(p)) return false;
  return true;
}

bool SymbolTableBuilder::visit(Seq<Keyword*> keywords) {
  for (const Keyword* keyword : keywords)
    if (!visit(keyword->value)) return false;
  return true;
}

bool SymbolTableBuilder::visit(Seq<Alias*> names) {
  for (const Alias* alias : names) {
    const Identifier* name = alias->asname ? alias->asname : alias->name;
    if (name->view() == "*") {
      if (current_->scope->type != BlockType::Module) return fail(alias->span, "import * only allowed at module level");
      continue;
    }
    size_t dot = alias->asname ? std::string_view::npos : name->view().find('.');
    if (dot != std::string_view::npos) name = arena_.intern(name->view().substr(0, dot));
    if (!define(name, kDefImport, alias->span)) return false;
  }
  return true;
}

bool SymbolTableBuilder::visit_handlers(Seq<ExceptHandler*> handlers) {
  for (const ExceptHandler* handler : handlers) {
    auto* clause = as<ExceptClause>(handler);
    if (!visit(clause->type)) return false;
    if (clause->name && !define(clause->name, kDefLocal, clause->span)) return false;
    if (!visit(clause->body)) return false;
  }
  return true;
}

namespace {

// Counts the depth of the walk.
class Level {
 public:
  explicit Level(int& depth) : depth_(depth) { depth_++; }
  ~Level() { depth_--; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  int& depth_;
};

bool too_deep(SyntaxErrorInfo* error) {
  constexpr std::string_view kMessage = "maximum recursion depth exceeded during compilation";
  error->kind = ErrorKind::RecursionError;
  error->message = {kMessage.data(), static_cast<uint32_t>(kMessage.size())};
  return false;
}

}  // namespace

bool SymbolTableBuilder::visit(const Stmt* s) {
  Level level(depth_);
  if (depth_ > options_.recursion_limit) return too_deep(error_);
  switch (s->kind) {
    case StmtKind::FunctionDef: {
      auto* n = as<FunctionDef>(s);
      return visit_function(s, n->name, n->args, n->body, n->decorator_list, n->returns, false);
    }
    case StmtKind::AsyncFunctionDef: {
      auto* n = as<AsyncFunctionDef>(s);
      return visit_function(s, n->name, n->args, n->body, n->decorator_list, n->returns, true);
    }
    case StmtKind::ClassDef: return visit_class(as<ClassDef>(s));
    case StmtKind::Return: {
      const Expr* value = as<Return>(s)->value;
      if (value) current_->scope->returns_value = true;
      return visit(value);
    }
    case StmtKind::Delete: return visit(as<Delete>(s)->targets);
    case StmtKind::Assign: return visit(as<Assign>(s)->targets) && visit(as<Assign>(s)->value);
    case StmtKind::AugAssign: return visit(as<AugAssign>(s)->target) && visit(as<AugAssign>(s)->value);
    case StmtKind::AnnAssign: return visit_annotated_assignment(as<AnnAssign>(s));
    case StmtKind::For: {
      auto* n = as<For>(s);
      return visit(n->target) && visit(n->iter) && visit(n->body) && visit(n->orelse);
    }
    case StmtKind::AsyncFor: {
      auto* n = as<AsyncFor>(s);
      current_->scope->is_coroutine = true;
      return visit(n->target) && visit(n->iter) && visit(n->body) && visit(n->orelse);
    }
    case StmtKind::While: {
      auto* n = as<While>(s);
      return visit(n->test) && visit(n->body) && visit(n->orelse);
    }
    case StmtKind::If: return visit_if(as<If>(s));
    case StmtKind::With:
    case StmtKind::AsyncWith: {
      bool is_async = s->kind == StmtKind::AsyncWith;
      if (is_async) current_->scope->is_coroutine = true;
      for (const WithItem* item : is_async ? as<AsyncWith>(s)->items : as<With>(s)->items)
        if (!visit(item->context_expr) || !visit(item->optional_vars)) return false;
      return visit(is_async ? as<AsyncWith>(s)->body : as<With>(s)->body);
    }
    case StmtKind::Match: {
      if (!visit(as<Match>(s)->subject)) return false;
      for (const MatchCase* c : as<Match>(s)->cases)
        if (!visit(c->pattern) || !visit(c->guard) || !visit(c->body)) return false;
      return true;
    }
    case StmtKind::Raise: return visit(as<Raise>(s)->exc) && visit(as<Raise>(s)->cause);
    case StmtKind::Try: {
      auto* n = as<Try>(s);
      return visit(n->body) && visit(n->orelse) && visit_handlers(n->handlers) && visit(n->finalbody);
    }
    case StmtKind::TryStar: {
      auto* n = as<TryStar>(s);
      return visit(n->body) && visit(n->orelse) && visit_handlers(n->handlers) && visit(n->finalbody);
    }
    case StmtKind::Assert: {
      auto* test = try_as<Tuple>(as<Assert>(s)->test);
      if (test && !test->elts.empty()) warn(s->span, {"assertion is always true, perhaps remove parentheses?", 53});
      return visit(as<Assert>(s)->test) && visit(as<Assert>(s)->msg);
    }
    case StmtKind::Import: return visit(as<Import>(s)->names);
    case StmtKind::ImportFrom: return visit(as<ImportFrom>(s)->names);
    case StmtKind::Global: return visit_directive(s, as<Global>(s)->names, true);
    case StmtKind::Nonlocal: return visit_directive(s, as<Nonlocal>(s)->names, false);
    case StmtKind::ExprStmt: return visit(as<ExprStmt>(s)->value);
    case StmtKind::Pass:
    case StmtKind::Break:
    case StmtKind::Continue: return true;
  }
  return true;
}

// A chain of elifs is as long as its author likes: no recursion.
bool SymbolTableBuilder::visit_if(const If* s) {
  for (;;) {
    if (!visit(s->test) || !visit(s->body)) return false;
    const If* next = s->orelse.size == 1 ? try_as<If>(s->orelse[0]) : nullptr;
    if (!next) return visit(s->orelse);
    s = next;
  }
}

bool SymbolTableBuilder::visit_function(const Stmt* s, const Identifier* name, const Arguments* args, Seq<Stmt*> body,
                                        Seq<Expr*> decorators, const Expr* returns, bool is_async) {
  if (!define(name, kDefLocal, s->span) || !visit(args->defaults) || !visit(args->kw_defaults) ||
      !visit_annotations(s, args, returns) || !visit(decorators))
    return false;
  enter(BlockType::Function, s, name, s->span);
  current_->scope->is_coroutine = is_async;
  if (!visit_parameters(args) || !visit(body)) return false;
  leave();
  return true;
}

bool SymbolTableBuilder::visit_class(const ClassDef* s) {
  if (!define(s->name, kDefLocal, s->span) || !visit(s->bases) || !visit(s->keywords) || !visit(s->decorator_list)) return false;
  const Identifier* saved = private_name_;
  private_name_ = s->name;
  enter(BlockType::Class, s, s->name, s->span);
  if (!visit(s->body)) return false;
  leave();
  private_name_ = saved;
  return true;
}

bool SymbolTableBuilder::visit_lambda(const Lambda* e) {
  if (!visit(e->args->defaults) || !visit(e->args->kw_defaults)) return false;
  enter(BlockType::Function, e, arena_.intern("lambda"), e->span);
  if (!visit_parameters(e->args) || !visit(e->body)) return false;
  leave();
  return true;
}

bool SymbolTableBuilder::visit_parameters(const Arguments* args) {
  auto all = [&](Seq<Arg*> list) {
    for (const Arg* arg : list)
      if (!define(arg->arg, kDefParam, arg->span)) return false;
    return true;
  };
  if (!all(args->posonlyargs) || !all(args->args) || !all(args->kwonlyargs)) return false;
  if (args->vararg) {
    if (!define(args->vararg->arg, kDefParam, args->vararg->span)) return false;
    current_->scope->has_varargs = true;
  }
  if (args->kwarg) {
    if (!define(args->kwarg->arg, kDefParam, args->kwarg->span)) return false;
    current_->scope->has_varkeywords = true;
  }
  return true;
}

bool SymbolTableBuilder::visit_annotation(const Expr* annotation) {
  if (!annotation) return true;
  if (!table_->future_annotations) return visit(annotation);
  enter(BlockType::Annotation, annotation, arena_.intern("_annotation"), annotation->span);
  if (!visit(annotation)) return false;
  leave();
  return true;
}

bool SymbolTableBuilder::visit_annotations(const Stmt* s, const Arguments* args, const Expr* returns) {
  auto all = [&](Seq<Arg*> list) {
    for (const Arg* arg : list)
      if (!visit(arg->annotation)) return false;
    return true;
  };
  bool separate = table_->future_annotations;
  if (separate) enter(BlockType::Annotation, s, arena_.intern("_annotation"), s->span);
  if (!all(args->posonlyargs) || !all(args->args) || !visit(args->vararg ? args->vararg->annotation : nullptr) ||
      !visit(args->kwarg ? args->kwarg->annotation : nullptr) || !all(args->kwonlyargs))
    return false;
  if (separate) leave();
  return visit_annotation(returns);
}

bool SymbolTableBuilder::visit_annotated_assignment(const AnnAssign* s) {
  if (auto* name = try_as<Name>(s->target)) {
    uint32_t flags = lookup(name->id);
    if ((flags & (kDefGlobal | kDefNonlocal)) && current_ != top_ && s->simple)
      return fail(s->span, "annotated name '", name->id, flags & kDefGlobal ? "' can't be global" : "' can't be nonlocal");
    if (s->simple && !define(name->id, kDefAnnotation | kDefLocal, name->span)) return false;
    if (s->value && !define(name->id, kDefLocal, name->span)) return false;
  } else if (!visit(s->target)) {
    return false;
  }
  return visit_annotation(s->annotation) && visit(s->value);
}

bool SymbolTableBuilder::visit_directive(const Stmt* s, Seq<const Identifier*> names, bool is_global) {
  for (const Identifier* name : names) {
    uint32_t flags = lookup(name);
    if (flags & kDefParam)
      return fail(s->span, "name '", name, is_global ? "' is parameter and global" : "' is parameter and nonlocal");
    if (flags & kUse)
      return fail(s->span, "name '", name,
                  is_global ? "' is used prior to global declaration" : "' is used prior to nonlocal declaration");
    if (flags & kDefAnnotation)
      return fail(s->span, "annotated name '", name, is_global ? "' can't be global" : "' can't be nonlocal");
    if (flags & kDefLocal)
      return fail(s->span, "name '", name,
                  is_global ? "' is assigned to before global declaration" : "' is assigned to before nonlocal declaration");
    if (!define(name, is_global ? kDefGlobal : kDefNonlocal, s->span)) return false;
    record_directive(name, s->span);
  }
  return true;
}

bool SymbolTableBuilder::visit(const Expr* e) {
  if (!e) return true;
  Level level(depth_);
  if (depth_ > options_.recursion_limit) return too_deep(error_);
  switch (e->kind) {
    case ExprKind::BoolOp: return visit(as<BoolOp>(e)->values);
    case ExprKind::NamedExpr: return visit_walrus(as<NamedExpr>(e));
    case ExprKind::BinOp: return visit(as<BinOp>(e)->left) && visit(as<BinOp>(e)->right);
    case ExprKind::UnaryOp: return visit(as<UnaryOp>(e)->operand);
    case ExprKind::Lambda: return visit_lambda(as<Lambda>(e));
    case ExprKind::IfExp: return visit(as<IfExp>(e)->test) && visit(as<IfExp>(e)->body) && visit(as<IfExp>(e)->orelse);
    case ExprKind::Dict: return visit(as<Dict>(e)->keys) && visit(as<Dict>(e)->values);
    case ExprKind::Set: return visit(as<Set>(e)->elts);
    case ExprKind::ListComp:
      return visit_comprehension(e, ComprehensionKind::List, "listcomp", as<ListComp>(e)->generators, as<ListComp>(e)->elt,
                                 nullptr);
    case ExprKind::SetComp:
      return visit_comprehension(e, ComprehensionKind::Set, "setcomp", as<SetComp>(e)->generators, as<SetComp>(e)->elt, nullptr);
    case ExprKind::DictComp:
      return visit_comprehension(e, ComprehensionKind::Dict, "dictcomp", as<DictComp>(e)->generators, as<DictComp>(e)->key,
                                 as<DictComp>(e)->value);
    case ExprKind::GeneratorExp:
      return visit_comprehension(e, ComprehensionKind::Generator, "genexpr", as<GeneratorExp>(e)->generators,
                                 as<GeneratorExp>(e)->elt, nullptr);
    case ExprKind::Await:
      if (!reject_in_annotation("await expression", e->span) || !visit(as<Await>(e)->value)) return false;
      current_->scope->is_coroutine = true;
      return true;
    case ExprKind::Yield: return visit_yield(e, as<Yield>(e)->value);
    case ExprKind::YieldFrom: return visit_yield(e, as<YieldFrom>(e)->value);
    case ExprKind::Compare:
      check_compare(as<Compare>(e));
      return visit(as<Compare>(e)->left) && visit(as<Compare>(e)->comparators);
    case ExprKind::Call:
      check_call(as<Call>(e));
      return visit(as<Call>(e)->func) && visit(as<Call>(e)->args) && visit(as<Call>(e)->keywords);
    case ExprKind::FormattedValue: return visit(as<FormattedValue>(e)->value) && visit(as<FormattedValue>(e)->format_spec);
    case ExprKind::JoinedStr: return visit(as<JoinedStr>(e)->values);
    case ExprKind::Constant: return true;
    case ExprKind::Attribute: return visit(as<Attribute>(e)->value);
    case ExprKind::Subscript:
      check_subscript(as<Subscript>(e));
      return visit(as<Subscript>(e)->value) && visit(as<Subscript>(e)->slice);
    case ExprKind::Starred: return visit(as<Starred>(e)->value);
    case ExprKind::Name: {
      auto* name = as<Name>(e);
      bool is_load = name->ctx == ExprContext::Load;
      if (!define(name->id, is_load ? kUse : kDefLocal, e->span)) return false;
      // super() finds its class in the cell.
      if (is_load && name->id == super_name_ && current_->scope->type == BlockType::Function)
        return define(class_name_, kUse, e->span);
      return true;
    }
    case ExprKind::List: return visit(as<List>(e)->elts);
    case ExprKind::Tuple: return visit(as<Tuple>(e)->elts);
    case ExprKind::Slice: return visit(as<Slice>(e)->lower) && visit(as<Slice>(e)->upper) && visit(as<Slice>(e)->step);
  }
  return true;
}

bool SymbolTableBuilder::reject_in_annotation(const char* what, const Span& span) {
  if (current_->scope->type != BlockType::Annotation) return true;
  Message message(arena_);
  message << "'" << what << "' can not be used within an annotation";
  return fail(span, message.finish());
}

bool SymbolTableBuilder::visit_yield(const Expr* e, const Expr* value) {
  if (!reject_in_annotation("yield expression", e->span) || !visit(value)) return false;
  current_->scope->is_generator = true;
  switch (current_->scope->comprehension) {
    case ComprehensionKind::None: return true;
    case ComprehensionKind::List: return fail(e->span, "'yield' inside list comprehension");
    case ComprehensionKind::Set: return fail(e->span, "'yield' inside set comprehension");
    case ComprehensionKind::Dict: return fail(e->span, "'yield' inside dict comprehension");
    case ComprehensionKind::Generator: return fail(e->span, "'yield' inside generator expression");
  }
  return true;
}

bool SymbolTableBuilder::visit_comprehension(const Expr* e, ComprehensionKind kind, const char* name,
                                             Seq<Comprehension*> generators, const Expr* elt, const Expr* value) {
  const Comprehension* outermost = generators[0];
  // The first iterable is evaluated outside and comes in as an argument.
  current_->iterable_depth++;
  if (!visit(outermost->iter)) return false;
  current_->iterable_depth--;
  enter(BlockType::Function, e, arena_.intern(name), e->span);
  current_->scope->comprehension = kind;
  if (outermost->is_async) current_->scope->is_coroutine = true;
  if (!define(arena_.intern(".0"), kDefParam, e->span)) return false;
  current_->in_iteration_target = true;
  if (!visit(outermost->target)) return false;
  current_->in_iteration_target = false;
  if (!visit(outermost->ifs)) return false;
  for (uint32_t i = 1; i < generators.size; i++)
    if (!visit_generator(generators[i])) return false;
  if (!visit(value) || !visit(elt)) return false;
  bool is_generator = kind == ComprehensionKind::Generator;
  current_->scope->is_generator = is_generator;
  bool is_async = current_->scope->is_coroutine && !is_generator;
  leave();
  if (is_async) current_->scope->is_coroutine = true;
  return true;
}

bool SymbolTableBuilder::visit_generator(const Comprehension* c) {
  current_->in_iteration_target = true;
  if (!visit(c->target)) return false;
  current_->in_iteration_target = false;
  current_->iterable_depth++;
  if (!visit(c->iter)) return false;
  current_->iterable_depth--;
  if (!visit(c->ifs)) return false;
  if (c->is_async) current_->scope->is_coroutine = true;
  return true;
}

bool SymbolTableBuilder::visit_walrus(const NamedExpr* e) {
  if (!reject_in_annotation("named expression", e->span)) return false;
  if (current_->iterable_depth > 0)
    return fail(e->span, "assignment expression cannot be used in a comprehension iterable expression");
  if (current_->scope->comprehension != ComprehensionKind::None && !bind_outside_comprehension(e->target)) return false;
  if (!visit(e->value) || !visit(e->target)) return false;
  if (current_->scope->comprehension == ComprehensionKind::None)
    if (auto* name = try_as<Name>(e->target)) find_or_add(current_, mangle(arena_, private_name_, name->id))->flags |= kDefWalrus;
  return true;
}

// PEP 572: the target belongs to the function around all comprehensions.
bool SymbolTableBuilder::bind_outside_comprehension(const Expr* target) {
  const Identifier* name = as<Name>(target)->id;
  for (OpenScope* open = current_; open; open = open->parent) {
    const Symbol* known = open->scope->find(name);
    uint32_t flags = known ? known->flags : 0;
    if (open->scope->comprehension != ComprehensionKind::None) {
      if (flags & kDefCompIter)
        return fail(target->span, "assignment expression cannot rebind comprehension iteration variable '", name, "'");
      continue;
    }
    switch (open->scope->type) {
      case BlockType::Function:
        if (!define(name, flags & kDefGlobal ? kDefGlobal : kDefNonlocal, target->span)) return false;
        record_directive(name, target->span);
        return define_in(open, name, kDefLocal | kDefWalrus, target->span);
      case BlockType::Module:
        if (!define(name, kDefGlobal, target->span)) return false;
        record_directive(name, target->span);
        return define_in(open, name, kDefGlobal | kDefWalrus, target->span);
      case BlockType::Class:
        return fail(target->span, "assignment expression within a comprehension cannot be used in a class body");
      case BlockType::Annotation: break;
    }
  }
  return true;
}

bool SymbolTableBuilder::visit(const Pattern* p) {
  if (!p) return true;
  Level level(depth_);
  if (depth_ > options_.recursion_limit) return too_deep(error_);
  auto bind = [&](const Identifier* name) { return !name || define(name, kDefLocal, p->span); };
  switch (p->kind) {
    case PatternKind::MatchValue: return visit(as<MatchValue>(p)->value);
    case PatternKind::MatchSingleton: return true;
    case PatternKind::MatchSequence: return visit(as<MatchSequence>(p)->patterns);
    case PatternKind::MatchStar: return bind(as<MatchStar>(p)->name);
    case PatternKind::MatchMapping: {
      auto* n = as<MatchMapping>(p);
      return visit(n->keys) && visit(n->patterns) && bind(n->rest);
    }
    case PatternKind::MatchClass: {
      auto* n = as<MatchClass>(p);
      return visit(n->cls) && visit(n->patterns) && visit(n->kwd_patterns);
    }
    case PatternKind::MatchAs: return visit(as<MatchAs>(p)->pattern) && bind(as<MatchAs>(p)->name);
    case PatternKind::MatchOr: return visit(as<MatchOr>(p)->patterns);
  }
  return true;
}

const char* literal_type_name(const Expr* e) {
  switch (e->kind) {
    case ExprKind::Tuple: return "tuple";
    case ExprKind::List:
    case ExprKind::ListComp: return "list";
    case ExprKind::Dict:
    case ExprKind::DictComp: return "dict";
    case ExprKind::Set:
    case ExprKind::SetComp: return "set";
    case ExprKind::GeneratorExp: return "generator";
    case ExprKind::Lambda: return "function";
    case ExprKind::JoinedStr:
    case ExprKind::FormattedValue: return "str";
    case ExprKind::Constant:
      switch (as<Constant>(e)->value.kind) {
        case ConstantKind::None: return "NoneType";
        case ConstantKind::True:
        case ConstantKind::False: return "bool";
        case ConstantKind::Ellipsis: return "ellipsis";
        case ConstantKind::Int: return "int";
        case ConstantKind::Float: return "float";
        case ConstantKind::Imaginary: return "complex";
        case ConstantKind::Str: return "str";
        case ConstantKind::Bytes: return "bytes";
        case ConstantKind::FrozenSet: return "frozenset";
      }
      return nullptr;
    default: return nullptr;
  }
}

void SymbolTableBuilder::warn(const Span& span, String message) {
  warnings_.push({WarningCategory::SyntaxWarning, span, message});
}

void SymbolTableBuilder::check_compare(const Compare* e) {
  auto is_literal = [](const Expr* x) {
    auto* constant = try_as<Constant>(x);
    return constant && constant->value.kind > ConstantKind::Ellipsis;
  };
  bool left = is_literal(e->left);
  for (uint32_t i = 0; i < e->ops.size; i++) {
    bool right = is_literal(e->comparators[i]);
    bool is_is = e->ops[i] == CompareOperator::Is;
    if ((is_is || e->ops[i] == CompareOperator::IsNot) && (left || right)) {
      constexpr std::string_view kIs = "\"is\" with a literal. Did you mean \"==\"?";
      constexpr std::string_view kIsNot = "\"is not\" with a literal. Did you mean \"!=\"?";
      std::string_view text = is_is ? kIs : kIsNot;
      return warn(e->span, {text.data(), static_cast<uint32_t>(text.size())});
    }
    left = right;
  }
}

void SymbolTableBuilder::check_call(const Call* e) {
  if (e->func->kind == ExprKind::Lambda) return;
  const char* type = literal_type_name(e->func);
  if (!type) return;
  Message message(arena_);
  message << "'" << type << "' object is not callable; perhaps you missed a comma?";
  warn(e->span, message.finish());
}

void SymbolTableBuilder::check_subscript(const Subscript* e) {
  if (e->ctx != ExprContext::Load) return;
  const char* type = literal_type_name(e->value);
  if (!type) return;
  auto* constant = try_as<Constant>(e->value);
  bool is_text = constant && (constant->value.kind == ConstantKind::Str || constant->value.kind == ConstantKind::Bytes);
  ExprKind kind = e->value->kind;
  Message message(arena_);
  if ((constant && !is_text) || kind == ExprKind::Set || kind == ExprKind::SetComp || kind == ExprKind::GeneratorExp ||
      kind == ExprKind::Lambda) {
    message << "'" << type << "' object is not subscriptable; perhaps you missed a comma?";
    return warn(e->span, message.finish());
  }
  const char* index = literal_type_name(e->slice);
  if (!index || !std::strcmp(index, "int") || !std::strcmp(index, "bool")) return;
  if (!is_text && kind != ExprKind::Tuple && kind != ExprKind::List && kind != ExprKind::ListComp &&
      kind != ExprKind::JoinedStr && kind != ExprKind::FormattedValue)
    return;
  message << type << " indices must be integers or slices, not " << index << "; perhaps you missed a comma?";
  warn(e->span, message.finish());
}

}  // namespace pt::syntax
