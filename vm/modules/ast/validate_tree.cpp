// Checks of trees made by hand: what the parser guarantees and the compiler relies on.
#include "vm/modules/ast/tree.h"
#include "vm/object/native.h"

namespace pt::ast {
namespace {
using namespace syntax;

const char* context_name(ExprContext context) {
  return context == ExprContext::Load ? "Load" : context == ExprContext::Store ? "Store" : "Del";
}

Raised bad(const char* message) { return raise(exc::ValueError, "%s", message); }

bool span(const Span& s) {
  if (s.line > s.end_line) return raise(exc::ValueError, "AST node line range (%d, %d) is not valid", s.line, s.end_line);
  if ((s.line < 0 && s.end_line != s.line) || (s.col < 0 && s.col != s.end_col)) {
    return raise(exc::ValueError, "AST node column range (%d, %d) for line range (%d, %d) is not valid", s.col, s.end_col, s.line,
                 s.end_line);
  }
  if (s.line == s.end_line && s.col > s.end_col) {
    return raise(exc::ValueError, "line %d, column %d-%d is not a valid range", s.line, s.col, s.end_col);
  }
  return true;
}

bool name(const Identifier* id) {
  if (!id) return true;
  for (const char* constant : {"None", "True", "False"}) {
    if (id->view() == constant) return raise(exc::ValueError, "identifier field can't represent '%s' constant", constant);
  }
  return true;
}
bool capture(const Identifier* id) {
  if (id && id->view() == "_") return bad("can't capture name '_' in patterns");
  return name(id);
}

template <class T>
bool not_empty(const Seq<T>& seq, const char* what, const char* owner) {
  return !seq.empty() || raise(exc::ValueError, "empty %s on %s", what, owner);
}

bool expr(const Expr* e, ExprContext context);
bool stmts(const Seq<Stmt*>& seq);
bool pattern(const Pattern* p, bool star_ok);

bool exprs(const Seq<Expr*>& seq, ExprContext context, bool null_ok = false) {
  for (const Expr* e : seq) {
    if (!e) {
      if (!null_ok) return bad("None disallowed in expression list");
    } else if (!expr(e, context)) {
      return false;
    }
  }
  return true;
}
bool load(const Expr* e) { return expr(e, ExprContext::Load); }
bool maybe_load(const Expr* e) { return !e || load(e); }
bool load_all(const Seq<Expr*>& seq) { return exprs(seq, ExprContext::Load); }

bool body(const Seq<Stmt*>& seq, const char* owner) { return not_empty(seq, "body", owner) && stmts(seq); }

bool comprehensions(const Seq<Comprehension*>& generators) {
  if (generators.empty()) return bad("comprehension with no generators");
  for (const Comprehension* c : generators) {
    if (!expr(c->target, ExprContext::Store) || !load(c->iter) || !load_all(c->ifs)) return false;
  }
  return true;
}
bool keywords(const Seq<Keyword*>& seq) {
  for (const Keyword* k : seq) {
    if (!load(k->value)) return false;
  }
  return true;
}
bool args(const Seq<Arg*>& seq) {
  for (const Arg* a : seq) {
    if (!span(a->span) || !maybe_load(a->annotation)) return false;
  }
  return true;
}
bool arguments(const Arguments* a) {
  if (!args(a->posonlyargs) || !args(a->args)) return false;
  if (a->vararg && !maybe_load(a->vararg->annotation)) return false;
  if (!args(a->kwonlyargs)) return false;
  if (a->kwarg && !maybe_load(a->kwarg->annotation)) return false;
  if (a->defaults.size > a->posonlyargs.size + a->args.size) return bad("more positional defaults than args on arguments");
  if (a->kw_defaults.size != a->kwonlyargs.size) {
    return bad("length of kwonlyargs is not the same as kw_defaults on arguments");
  }
  return load_all(a->defaults) && exprs(a->kw_defaults, ExprContext::Load, true);
}

bool expr(const Expr* e, ExprContext context) {
  RecursionGuard guard(" during compilation", 3);
  if (!guard || !span(e->span)) return false;
  bool assignable = true;
  ExprContext actual = ExprContext::Load;
  switch (e->kind) {
    case ExprKind::Attribute: actual = as<Attribute>(e)->ctx; break;
    case ExprKind::Subscript: actual = as<Subscript>(e)->ctx; break;
    case ExprKind::Starred: actual = as<Starred>(e)->ctx; break;
    case ExprKind::Name:
      if (!name(as<syntax::Name>(e)->id)) return false;
      actual = as<syntax::Name>(e)->ctx;
      break;
    case ExprKind::List: actual = as<syntax::List>(e)->ctx; break;
    case ExprKind::Tuple: actual = as<syntax::Tuple>(e)->ctx; break;
    default:
      if (context != ExprContext::Load) {
        return raise(exc::ValueError, "expression which can't be assigned to in %s context", context_name(context));
      }
      assignable = false;
  }
  if (assignable && actual != context) {
    return raise(exc::ValueError, "expression must have %s context but has %s instead", context_name(context),
                 context_name(actual));
  }
  switch (e->kind) {
    case ExprKind::BoolOp:
      if (as<BoolOp>(e)->values.size < 2) return bad("BoolOp with less than 2 values");
      return load_all(as<BoolOp>(e)->values);
    case ExprKind::NamedExpr: {
      const auto* n = as<NamedExpr>(e);
      if (n->target->kind != ExprKind::Name) return raise(exc::TypeError, "NamedExpr target must be a Name");
      return load(n->value);
    }
    case ExprKind::BinOp: return load(as<BinOp>(e)->left) && load(as<BinOp>(e)->right);
    case ExprKind::UnaryOp: return load(as<syntax::UnaryOp>(e)->operand);
    case ExprKind::Lambda: return arguments(as<Lambda>(e)->args) && load(as<Lambda>(e)->body);
    case ExprKind::IfExp: return load(as<IfExp>(e)->test) && load(as<IfExp>(e)->body) && load(as<IfExp>(e)->orelse);
    case ExprKind::Dict: {
      const auto* d = as<syntax::Dict>(e);
      if (d->keys.size != d->values.size) return bad("Dict doesn't have the same number of keys as values");
      return exprs(d->keys, ExprContext::Load, true) && load_all(d->values);
    }
    case ExprKind::Set: return load_all(as<syntax::Set>(e)->elts);
    case ExprKind::ListComp: return comprehensions(as<ListComp>(e)->generators) && load(as<ListComp>(e)->elt);
    case ExprKind::SetComp: return comprehensions(as<SetComp>(e)->generators) && load(as<SetComp>(e)->elt);
    case ExprKind::GeneratorExp: return comprehensions(as<GeneratorExp>(e)->generators) && load(as<GeneratorExp>(e)->elt);
    case ExprKind::DictComp:
      return comprehensions(as<DictComp>(e)->generators) && load(as<DictComp>(e)->key) && load(as<DictComp>(e)->value);
    case ExprKind::Await: return load(as<Await>(e)->value);
    case ExprKind::Yield: return maybe_load(as<Yield>(e)->value);
    case ExprKind::YieldFrom: return load(as<YieldFrom>(e)->value);
    case ExprKind::Compare: {
      const auto* c = as<syntax::Compare>(e);
      if (c->comparators.empty()) return bad("Compare with no comparators");
      if (c->comparators.size != c->ops.size) return bad("Compare has a different number of comparators and operands");
      return load_all(c->comparators) && load(c->left);
    }
    case ExprKind::Call: return load(as<Call>(e)->func) && load_all(as<Call>(e)->args) && keywords(as<Call>(e)->keywords);
    case ExprKind::FormattedValue: return load(as<FormattedValue>(e)->value) && maybe_load(as<FormattedValue>(e)->format_spec);
    case ExprKind::JoinedStr: return load_all(as<JoinedStr>(e)->values);
    case ExprKind::Constant: return true;
    case ExprKind::Attribute: return load(as<Attribute>(e)->value);
    case ExprKind::Subscript: return load(as<Subscript>(e)->slice) && load(as<Subscript>(e)->value);
    case ExprKind::Starred: return expr(as<Starred>(e)->value, context);
    case ExprKind::Slice:
      return maybe_load(as<Slice>(e)->lower) && maybe_load(as<Slice>(e)->upper) && maybe_load(as<Slice>(e)->step);
    case ExprKind::List: return exprs(as<syntax::List>(e)->elts, context);
    case ExprKind::Tuple: return exprs(as<syntax::Tuple>(e)->elts, context);
    case ExprKind::Name: return true;
  }
  return raise(exc::SystemError, "unexpected expression");
}

// ---- patterns --------------------------------------------------------------------------------------------------------------

bool is_number(const Expr* e, bool imaginary) {
  const auto* c = try_as<Constant>(e);
  if (!c) return false;
  if (imaginary) return c->value.kind == ConstantKind::Imaginary;
  return c->value.kind == ConstantKind::Int || c->value.kind == ConstantKind::Float;
}
bool is_negative(const Expr* e, bool real, bool imaginary) {
  const auto* u = try_as<syntax::UnaryOp>(e);
  return u && u->op == UnaryOperator::USub &&
         ((real && is_number(u->operand, false)) || (imaginary && is_number(u->operand, true)));
}
bool is_complex_literal(const Expr* e) {
  const auto* b = try_as<BinOp>(e);
  return b && (b->op == BinaryOperator::Add || b->op == BinaryOperator::Sub) &&
         (is_number(b->left, false) || is_negative(b->left, true, false)) && is_number(b->right, true);
}

bool match_value(const Expr* e) {
  if (!load(e)) return false;
  switch (e->kind) {
    case ExprKind::Constant:
      switch (as<Constant>(e)->value.kind) {
        case ConstantKind::None:
        case ConstantKind::True:
        case ConstantKind::False:
        case ConstantKind::Ellipsis: return bad("unexpected constant inside of a literal pattern");
        default: return true;
      }
    case ExprKind::Attribute:
    case ExprKind::JoinedStr: return true;
    case ExprKind::UnaryOp:
      if (is_negative(e, true, true)) return true;
      break;
    case ExprKind::BinOp:
      if (is_complex_literal(e)) return true;
      break;
    default: break;
  }
  return bad("patterns may only match literals and attribute lookups");
}

bool patterns(const Seq<Pattern*>& seq, bool star_ok) {
  for (const Pattern* p : seq) {
    if (!p) return bad("None disallowed in pattern list");
    if (!pattern(p, star_ok)) return false;
  }
  return true;
}

bool pattern(const Pattern* p, bool star_ok) {
  RecursionGuard guard(" during compilation", 3);
  if (!guard || !span(p->span)) return false;
  switch (p->kind) {
    case PatternKind::MatchValue: return match_value(as<MatchValue>(p)->value);
    case PatternKind::MatchSingleton:
      switch (as<MatchSingleton>(p)->value.kind) {
        case ConstantKind::None:
        case ConstantKind::True:
        case ConstantKind::False: return true;
        default: return bad("MatchSingleton can only contain True, False and None");
      }
    case PatternKind::MatchSequence: return patterns(as<MatchSequence>(p)->patterns, true);
    case PatternKind::MatchMapping: {
      const auto* m = as<MatchMapping>(p);
      if (m->keys.size != m->patterns.size) return bad("MatchMapping doesn't have the same number of keys as patterns");
      if (m->rest && !capture(m->rest)) return false;
      for (const Expr* key : m->keys) {
        if (!key) return bad("None disallowed in expression list");
        if (const auto* c = try_as<Constant>(key)) {
          ConstantKind kind = c->value.kind;
          if (kind == ConstantKind::None || kind == ConstantKind::True || kind == ConstantKind::False) continue;
        }
        if (!match_value(key)) return false;
      }
      return patterns(m->patterns, false);
    }
    case PatternKind::MatchClass: {
      const auto* m = as<MatchClass>(p);
      if (m->kwd_attrs.size != m->kwd_patterns.size) {
        return bad("MatchClass doesn't have the same number of keyword attributes as patterns");
      }
      if (!load(m->cls)) return false;
      for (const Expr* cls = m->cls;; cls = as<Attribute>(cls)->value) {
        if (cls->kind == ExprKind::Name) break;
        if (cls->kind != ExprKind::Attribute) return bad("MatchClass cls field can only contain Name or Attribute nodes.");
      }
      for (const Identifier* attribute : m->kwd_attrs) {
        if (!name(attribute)) return false;
      }
      return patterns(m->patterns, false) && patterns(m->kwd_patterns, false);
    }
    case PatternKind::MatchStar:
      if (!star_ok) return bad("can't use MatchStar here");
      return !as<MatchStar>(p)->name || capture(as<MatchStar>(p)->name);
    case PatternKind::MatchAs: {
      const auto* m = as<MatchAs>(p);
      if (m->name && !capture(m->name)) return false;
      if (!m->pattern) return true;
      if (!m->name) return bad("MatchAs must specify a target name if a pattern is given");
      return pattern(m->pattern, false);
    }
    case PatternKind::MatchOr:
      if (as<MatchOr>(p)->patterns.size < 2) return bad("MatchOr requires at least 2 patterns");
      return patterns(as<MatchOr>(p)->patterns, false);
  }
  return raise(exc::SystemError, "unexpected pattern");
}

// ---- statements ------------------------------------------------------------------------------------------------------------

bool handlers(const Seq<ExceptHandler*>& seq) {
  for (const ExceptHandler* h : seq) {
    const auto* clause = static_cast<const ExceptClause*>(h);
    if (!span(clause->span) || !maybe_load(clause->type) || !body(clause->body, "ExceptHandler")) return false;
  }
  return true;
}
bool aliases(const Seq<Alias*>& seq, const char* owner) { return not_empty(seq, "names", owner); }

template <class F>
bool function(const F* f, const char* owner) {
  return body(f->body, owner) && arguments(f->args) && load_all(f->decorator_list) && maybe_load(f->returns);
}
template <class F>
bool loop(const F* f, const char* owner) {
  return expr(f->target, ExprContext::Store) && load(f->iter) && body(f->body, owner) && stmts(f->orelse);
}
template <class W>
bool with(const W* w, const char* owner) {
  if (!not_empty(w->items, "items", owner)) return false;
  for (const WithItem* item : w->items) {
    if (!load(item->context_expr)) return false;
    if (item->optional_vars && !expr(item->optional_vars, ExprContext::Store)) return false;
  }
  return body(w->body, owner);
}
template <class T>
bool try_statement(const T* t, const char* owner) {
  if (!body(t->body, owner)) return false;
  if (t->handlers.empty() && t->finalbody.empty()) {
    return raise(exc::ValueError, "%s has neither except handlers nor finalbody", owner);
  }
  if (t->handlers.empty() && !t->orelse.empty()) {
    return raise(exc::ValueError, "%s has orelse but no except handlers", owner);
  }
  return handlers(t->handlers) && stmts(t->finalbody) && stmts(t->orelse);
}

bool stmt(const Stmt* s) {
  RecursionGuard guard(" during compilation", 3);
  if (!guard || !span(s->span)) return false;
  switch (s->kind) {
    case StmtKind::FunctionDef: return function(as<FunctionDef>(s), "FunctionDef");
    case StmtKind::AsyncFunctionDef: return function(as<AsyncFunctionDef>(s), "AsyncFunctionDef");
    case StmtKind::ClassDef: {
      const auto* c = as<ClassDef>(s);
      return body(c->body, "ClassDef") && load_all(c->bases) && keywords(c->keywords) && load_all(c->decorator_list);
    }
    case StmtKind::Return: return maybe_load(as<Return>(s)->value);
    case StmtKind::Delete:
      return not_empty(as<Delete>(s)->targets, "targets", "Delete") && exprs(as<Delete>(s)->targets, ExprContext::Del);
    case StmtKind::Assign:
      return not_empty(as<Assign>(s)->targets, "targets", "Assign") && exprs(as<Assign>(s)->targets, ExprContext::Store) &&
             load(as<Assign>(s)->value);
    case StmtKind::AugAssign: return expr(as<AugAssign>(s)->target, ExprContext::Store) && load(as<AugAssign>(s)->value);
    case StmtKind::AnnAssign: {
      const auto* a = as<AnnAssign>(s);
      if (a->target->kind != ExprKind::Name && a->simple) return raise(exc::TypeError, "AnnAssign with simple non-Name target");
      return expr(a->target, ExprContext::Store) && maybe_load(a->value) && load(a->annotation);
    }
    case StmtKind::For: return loop(as<For>(s), "For");
    case StmtKind::AsyncFor: return loop(as<AsyncFor>(s), "AsyncFor");
    case StmtKind::While: return load(as<While>(s)->test) && body(as<While>(s)->body, "While") && stmts(as<While>(s)->orelse);
    case StmtKind::If: return load(as<If>(s)->test) && body(as<If>(s)->body, "If") && stmts(as<If>(s)->orelse);
    case StmtKind::With: return with(as<With>(s), "With");
    case StmtKind::AsyncWith: return with(as<AsyncWith>(s), "AsyncWith");
    case StmtKind::Match: {
      const auto* m = as<syntax::Match>(s);
      if (!load(m->subject) || !not_empty(m->cases, "cases", "Match")) return false;
      for (const MatchCase* c : m->cases) {
        if (!pattern(c->pattern, false) || !maybe_load(c->guard) || !body(c->body, "match_case")) return false;
      }
      return true;
    }
    case StmtKind::Raise: {
      const auto* r = as<Raise>(s);
      if (r->exc) return load(r->exc) && maybe_load(r->cause);
      return !r->cause || bad("Raise with cause but no exception");
    }
    case StmtKind::Try: return try_statement(as<Try>(s), "Try");
    case StmtKind::TryStar: return try_statement(as<TryStar>(s), "TryStar");
    case StmtKind::Assert: return load(as<Assert>(s)->test) && maybe_load(as<Assert>(s)->msg);
    case StmtKind::Import: return aliases(as<Import>(s)->names, "Import");
    case StmtKind::ImportFrom:
      if (as<ImportFrom>(s)->level < 0) return bad("Negative ImportFrom level");
      return aliases(as<ImportFrom>(s)->names, "ImportFrom");
    case StmtKind::Global: return not_empty(as<Global>(s)->names, "names", "Global");
    case StmtKind::Nonlocal: return not_empty(as<Nonlocal>(s)->names, "names", "Nonlocal");
    case StmtKind::ExprStmt: return load(as<ExprStmt>(s)->value);
    case StmtKind::Pass:
    case StmtKind::Break:
    case StmtKind::Continue: return true;
  }
  return raise(exc::SystemError, "unexpected statement");
}
bool stmts(const Seq<Stmt*>& seq) {
  for (const Stmt* s : seq) {
    if (!s) return bad("None disallowed in statement list");
    if (!stmt(s)) return false;
  }
  return true;
}
}  // namespace

bool validate_tree(const Mod* mod) {
  switch (mod->kind) {
    case ModKind::Module: return stmts(as<syntax::Module>(mod)->body);
    case ModKind::Interactive: return stmts(as<Interactive>(mod)->body);
    case ModKind::Expression: return load(as<Expression>(mod)->body);
    case ModKind::FunctionType: return load_all(as<FunctionType>(mod)->argtypes) && load(as<FunctionType>(mod)->returns);
  }
  return true;
}

}  // namespace pt::ast
