// The walk that collects every block's names; symtable_analysis.cpp then finds where they live.
#pragma once

#include "vm/syntax/parser.h"
#include "vm/syntax/symtable.h"

namespace pt::syntax {

// A block under construction.
struct OpenScope {
  explicit OpenScope(Arena& arena) : symbols(arena), parameters(arena), children(arena), directives(arena) {}

  struct Directive {
    const Identifier* name;
    Span span;
  };

  Scope* scope = nullptr;
  OpenScope* parent = nullptr;
  Vec<Symbol*> symbols;
  Vec<const Identifier*> parameters;
  Vec<OpenScope*> children;
  Vec<Directive> directives;  // global and nonlocal statements, for errors found later
  int iterable_depth = 0;     // within iterables of comprehensions
  bool in_iteration_target = false;
};

class SymbolTableBuilder {
 public:
  SymbolTableBuilder(Arena& arena, SyntaxErrorInfo* error, const SymbolTableOptions& options);
  SymbolTable* build(const Mod* mod);

 private:
  friend class ScopeAnalysis;

  bool failed() const { return error_->kind != ErrorKind::None; }
  bool fail(const Span& span, String message);
  bool fail(const Span& span, const char* before, const Identifier* name, const char* after);
  bool fail(const Span& span, const char* message);

  bool enter(BlockType type, const void* node, const Identifier* name, const Span& span);
  void leave();
  Symbol* find_or_add(OpenScope* scope, const Identifier* name);
  uint32_t lookup(const Identifier* name) const;
  bool define(const Identifier* name, uint32_t flags, const Span& span) { return define_in(current_, name, flags, span); }
  bool define_in(OpenScope* scope, const Identifier* name, uint32_t flags, const Span& span);
  void record_directive(const Identifier* name, const Span& span);
  bool reject_in_annotation(const char* what, const Span& span);

  bool visit(Seq<Stmt*> body);
  bool visit(const Stmt* s);
  bool visit_if(const If* s);
  bool visit(Seq<Expr*> exprs);
  bool visit(const Expr* e);
  bool visit(const Pattern* p);
  bool visit(Seq<Pattern*> patterns);
  bool visit(Seq<Keyword*> keywords);
  bool visit(Seq<Alias*> names);
  bool visit_handlers(Seq<ExceptHandler*> handlers);
  bool visit_function(const Stmt* s, const Identifier* name, const Arguments* args, Seq<Stmt*> body, Seq<Expr*> decorators,
                      const Expr* returns, bool is_async);
  bool visit_class(const ClassDef* s);
  bool visit_lambda(const Lambda* e);
  bool visit_parameters(const Arguments* args);
  bool visit_annotation(const Expr* annotation);
  bool visit_annotations(const Stmt* s, const Arguments* args, const Expr* returns);
  bool visit_annotated_assignment(const AnnAssign* s);
  bool visit_directive(const Stmt* s, Seq<const Identifier*> names, bool is_global);
  bool visit_comprehension(const Expr* e, ComprehensionKind kind, const char* name, Seq<Comprehension*> generators,
                           const Expr* elt, const Expr* value);
  bool visit_generator(const Comprehension* c);
  bool visit_walrus(const NamedExpr* e);
  bool bind_outside_comprehension(const Expr* target);
  bool visit_yield(const Expr* e, const Expr* value);
  bool read_future(const Mod* mod);
  bool accept_future(const Stmt* s, std::string_view name);
  bool fail_future(const Stmt* s, const char* before, std::string_view name);

  void warn(const Span& span, String message);
  void check_compare(const Compare* e);
  void check_call(const Call* e);
  void check_subscript(const Subscript* e);

  Arena& arena_;
  SyntaxErrorInfo* error_;
  SymbolTableOptions options_;
  SymbolTable* table_ = nullptr;
  OpenScope* current_ = nullptr;
  OpenScope* top_ = nullptr;
  const Identifier* private_name_ = nullptr;
  const Identifier* class_name_;  // __class__
  const Identifier* super_name_;
  Vec<SyntaxWarningInfo> warnings_;
  int depth_ = 0;
};

// Resolves every name of the tree of scopes; false with the error set.
bool analyze_scopes(Arena& arena, OpenScope* top, SyntaxErrorInfo* error);

// The type name of a literal or display, or null.
const char* literal_type_name(const Expr* e);

}  // namespace pt::syntax
