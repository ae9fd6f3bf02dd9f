// Where names live: a name that a function binds is local, or a cell if an inner function uses it; other
// names are free if an enclosing function binds them, else global.
#include "vm/syntax/name_set.h"
#include "vm/syntax/symtable_builder.h"

namespace pt::syntax {

class ScopeAnalysis {
 public:
  ScopeAnalysis(Arena& arena, SyntaxErrorInfo* error) : arena_(arena), error_(error), class_name_(arena.intern("__class__")) {}

  // `bound`: names that enclosing functions bind (null for the module); `global`: names declared global
  // around; both may be changed. Names used from outside are added to `free`.
  bool analyze(OpenScope* open, NameSet* bound, NameSet* free, NameSet* global) {
    Scope* scope = open->scope;
    bool is_class = scope->type == BlockType::Class;
    NameSet local, inner_bound, inner_global, inner_free;
    // A class's own names are not visible in its methods.
    if (is_class) {
      inner_global.add_all(*global);
      if (bound) inner_bound.add_all(*bound);
    }
    for (Symbol* symbol : open->symbols.seq())
      if (!resolve(open, symbol, bound, &local, free, global)) return false;
    if (is_class) {
      inner_bound.add(class_name_);
    } else {
      if (scope->type == BlockType::Function) inner_bound.add_all(local);
      if (bound) inner_bound.add_all(*bound);
      inner_global.add_all(*global);
    }
    for (OpenScope* child : open->children.seq()) {
      NameSet child_bound(inner_bound), child_global(inner_global), child_free;
      if (!analyze(child, &child_bound, &child_free, &child_global)) return false;
      inner_free.add_all(child_free);
      if (child->scope->has_free || child->scope->child_has_free) scope->child_has_free = true;
    }
    if (scope->type == BlockType::Function) {
      for (Symbol* symbol : open->symbols.seq()) {
        if (symbol->scope != NameScope::Local || !inner_free.contains(symbol->name)) continue;
        symbol->scope = NameScope::Cell;
        inner_free.remove(symbol->name);
      }
    } else if (is_class && inner_free.contains(class_name_)) {
      inner_free.remove(class_name_);
      scope->needs_class_closure = true;
    }
    inner_free.for_each([&](const Identifier* name) { pass_through(open, name, bound); });
    free->add_all(inner_free);
    return true;
  }

 private:
  bool resolve(OpenScope* open, Symbol* symbol, NameSet* bound, NameSet* local, NameSet* free, NameSet* global) {
    const Identifier* name = symbol->name;
    auto make_free = [&] {
      symbol->scope = NameScope::Free;
      open->scope->has_free = true;
      free->add(name);
      return true;
    };
    if (symbol->flags & kDefGlobal) {
      if (symbol->flags & kDefNonlocal) return fail(open, name, "name '", "' is nonlocal and global");
      symbol->scope = NameScope::GlobalExplicit;
      global->add(name);
      if (bound) bound->remove(name);
      return true;
    }
    if (symbol->flags & kDefNonlocal) {
      if (!bound) return fail(open, name, "nonlocal declaration not allowed at module level", nullptr);
      if (!bound->contains(name)) return fail(open, name, "no binding for nonlocal '", "' found");
      return make_free();
    }
    if (symbol->flags & kDefBound) {
      symbol->scope = NameScope::Local;
      local->add(name);
      global->remove(name);
      return true;
    }
    if (bound && bound->contains(name)) return make_free();
    symbol->scope = NameScope::GlobalImplicit;
    if (!global->contains(name) && open->scope->is_nested) open->scope->has_free = true;
    return true;
  }

  // A name that an inner function takes from further out goes through this scope.
  void pass_through(OpenScope* open, const Identifier* name, const NameSet* bound) {
    Scope* scope = open->scope;
    if (Symbol* symbol = scope->find(name)) {
      if (scope->type == BlockType::Class && (symbol->flags & (kDefBound | kDefGlobal))) symbol->flags |= kDefFreeClass;
      return;
    }
    if (bound && !bound->contains(name)) return;
    auto* symbol = arena_.make<Symbol>(name);
    symbol->scope = NameScope::Free;
    open->symbols.push(symbol);
    if (open->symbols.size() * 2 > scope->slots_) {
      scope->slots_ = scope->slots_ ? scope->slots_ * 4 : 8;
      scope->table_ = arena_.make_array<Symbol*>(scope->slots_);
      for (Symbol* other : open->symbols.seq()) insert(scope, other);
    } else {
      insert(scope, symbol);
    }
  }

  static void insert(Scope* scope, Symbol* symbol) {
    uint32_t i = symbol->name->hash & (scope->slots_ - 1);
    while (scope->table_[i]) i = (i + 1) & (scope->slots_ - 1);
    scope->table_[i] = symbol;
  }

  // The error is at the global or nonlocal statement that names it.
  bool fail(OpenScope* open, const Identifier* name, const char* before, const char* after) {
    Message message(arena_);
    message << before;
    if (after) message << name->view() << after;
    Span span = open->scope->span;
    for (const OpenScope::Directive& directive : open->directives.seq()) {
      if (directive.name == name) {
        span = directive.span;
        break;
      }
    }
    *error_ = {ErrorKind::SyntaxError, span.line, span.col + 1, span.end_line, span.end_col + 1, false, message.finish(), {}};
    return false;
  }

  Arena& arena_;
  SyntaxErrorInfo* error_;
  const Identifier* class_name_;
};

bool analyze_scopes(Arena& arena, OpenScope* top, SyntaxErrorInfo* error) {
  NameSet free, global;
  return ScopeAnalysis(arena, error).analyze(top, nullptr, &free, &global);
}

}  // namespace pt::syntax
