#include "vm/syntax/symtable.h"

#include "vm/syntax/symtable_builder.h"

namespace pt::syntax {
namespace {

uint32_t pointer_hash(const void* pointer) {
  return static_cast<uint32_t>((reinterpret_cast<uintptr_t>(pointer) * 0x9E3779B97F4A7C15ull) >> 32);
}

}  // namespace

Symbol* Scope::find(const Identifier* wanted) const {
  if (!slots_) return nullptr;
  for (uint32_t i = wanted->hash & (slots_ - 1);; i = (i + 1) & (slots_ - 1)) {
    Symbol* symbol = table_[i];
    if (!symbol || symbol->name == wanted) return symbol;
  }
}

NameScope Scope::scope_of(const Identifier* wanted) const {
  const Symbol* symbol = find(wanted);
  return symbol ? symbol->scope : NameScope::GlobalImplicit;
}

Scope* SymbolTable::scope_of(const void* node) const {
  for (uint32_t i = pointer_hash(node) & (slots_ - 1);; i = (i + 1) & (slots_ - 1)) {
    Scope* scope = table_[i];
    if (!scope || scope->node == node) return scope;
  }
}

const Identifier* mangle(Arena& arena, const Identifier* private_name, const Identifier* name) {
  std::string_view text = name->view();
  if (!private_name || !text.starts_with("__") || text.ends_with("__") || text.find('.') != std::string_view::npos) return name;
  std::string_view owner = private_name->view();
  size_t strip = owner.find_first_not_of('_');
  if (strip == std::string_view::npos) return name;
  Message mangled(arena);
  mangled << "_" << owner.substr(strip) << text;
  return arena.intern(mangled.finish().view());
}

SymbolTableBuilder::SymbolTableBuilder(Arena& arena, SyntaxErrorInfo* error, const SymbolTableOptions& options)
    : arena_(arena),
      error_(error),
      options_(options),
      class_name_(arena.intern("__class__")),
      super_name_(arena.intern("super")),
      warnings_(arena) {
  if (options_.recursion_limit > 10000) options_.recursion_limit = 10000;
}

bool SymbolTableBuilder::fail(const Span& span, String message) {
  *error_ = {ErrorKind::SyntaxError, span.line, span.col + 1, span.end_line, span.end_col + 1, false, message, {}};
  return false;
}

bool SymbolTableBuilder::fail(const Span& span, const char* before, const Identifier* name, const char* after) {
  Message message(arena_);
  message << before << name->view() << after;
  return fail(span, message.finish());
}

bool SymbolTableBuilder::fail(const Span& span, const char* message) {
  return fail(span, String{message, static_cast<uint32_t>(std::strlen(message))});
}

bool SymbolTableBuilder::enter(BlockType type, const void* node, const Identifier* name, const Span& span) {
  auto* open = new (arena_.allocate(sizeof(OpenScope))) OpenScope(arena_);
  auto* scope = arena_.make<Scope>();
  scope->type = type;
  scope->node = node;
  scope->name = name;
  scope->span = span;
  scope->private_name = private_name_;
  open->scope = scope;
  open->parent = current_;
  if (current_) {
    scope->parent = current_->scope;
    scope->is_nested = current_->scope->is_nested || current_->scope->type == BlockType::Function;
    open->iterable_depth = current_->iterable_depth;
    // What an annotation says has no effect once annotations are not evaluated.
    if (type != BlockType::Annotation) current_->children.push(open);
  } else {
    top_ = open;
  }
  table_->count++;
  current_ = open;
  return true;
}

void SymbolTableBuilder::leave() { current_ = current_->parent; }

// The scope's table is hashed while it grows, so that names are found at once.
Symbol* SymbolTableBuilder::find_or_add(OpenScope* open, const Identifier* name) {
  Scope* scope = open->scope;
  if (Symbol* known = scope->find(name)) return known;
  auto* symbol = arena_.make<Symbol>(name);
  open->symbols.push(symbol);
  if (open->symbols.size() * 2 > scope->slots_) {
    scope->slots_ = scope->slots_ ? scope->slots_ * 4 : 8;
    scope->table_ = arena_.make_array<Symbol*>(scope->slots_);
    for (Symbol* other : open->symbols.seq()) {
      uint32_t i = other->name->hash & (scope->slots_ - 1);
      while (scope->table_[i]) i = (i + 1) & (scope->slots_ - 1);
      scope->table_[i] = other;
    }
  } else {
    uint32_t i = name->hash & (scope->slots_ - 1);
    while (scope->table_[i]) i = (i + 1) & (scope->slots_ - 1);
    scope->table_[i] = symbol;
  }
  return symbol;
}

uint32_t SymbolTableBuilder::lookup(const Identifier* name) const {
  const Symbol* symbol = current_->scope->find(mangle(arena_, private_name_, name));
  return symbol ? symbol->flags : 0;
}

bool SymbolTableBuilder::define_in(OpenScope* open, const Identifier* name, uint32_t flags, const Span& span) {
  const Identifier* mangled = mangle(arena_, private_name_, name);
  Symbol* symbol = find_or_add(open, mangled);
  if ((flags & kDefParam) && (symbol->flags & kDefParam))
    return fail(span, "duplicate argument '", name, "' in function definition");
  uint32_t all = symbol->flags | flags;
  if (open->in_iteration_target) {
    if (all & (kDefGlobal | kDefNonlocal))
      return fail(span, "comprehension inner loop cannot rebind assignment expression target '", name, "'");
    all |= kDefCompIter;
  }
  symbol->flags = all;
  if (flags & kDefParam) {
    open->parameters.push(mangled);
  } else if (flags & kDefGlobal) {
    find_or_add(top_, mangled)->flags |= flags;
  }
  return true;
}

void SymbolTableBuilder::record_directive(const Identifier* name, const Span& span) {
  current_->directives.push({mangle(arena_, private_name_, name), span});
}

// Future statements stand first, after a docstring; ordinary statements end the search.
bool SymbolTableBuilder::read_future(const Mod* mod) {
  Seq<Stmt*> body;
  if (auto* module = try_as<Module>(mod)) body = module->body;
  if (auto* interactive = try_as<Interactive>(mod)) body = interactive->body;
  bool done = false, seen_text = false;
  int line = 0;
  for (const Stmt* s : body) {
    if (done && s->span.line > line) return true;
    line = s->span.line;
    auto* import = try_as<ImportFrom>(s);
    if (import && import->module && import->module->view() == "__future__") {
      if (done) {
        fail_future(s, "from __future__ imports must occur at the beginning of the file", {});
        error_->offset--;
        return false;
      }
      for (const Alias* name : import->names)
        if (!accept_future(s, name->name->view())) return false;
      table_->future_line = line;
    } else {
      auto* text = try_as<ExprStmt>(s);
      auto* constant = text ? try_as<Constant>(text->value) : nullptr;
      bool is_docstring = !seen_text && constant && constant->value.kind == ConstantKind::Str;
      seen_text = true;
      done = done || !is_docstring;
    }
  }
  return true;
}

bool SymbolTableBuilder::accept_future(const Stmt* s, std::string_view name) {
  for (std::string_view old : {"nested_scopes", "generators", "division", "absolute_import", "with_statement", "print_function",
                               "unicode_literals", "generator_stop"})
    if (name == old) return true;
  if (name == "annotations")
    table_->future_annotations = true;
  else if (name == "barry_as_FLUFL")
    table_->future_barry = true;
  else if (name == "braces")
    return fail_future(s, "not a chance", {});
  else
    return fail_future(s, "future feature ", name);
  return true;
}

bool SymbolTableBuilder::fail_future(const Stmt* s, const char* before, std::string_view name) {
  Message message(arena_);
  message << before << name.substr(0, 100);
  if (!name.empty()) message << " is not defined";
  fail(s->span, message.finish());
  // Such an error has no end.
  error_->end_line = error_->line;
  error_->end_offset = 0;
  return false;
}

static void finish_scope(Arena& arena, OpenScope* open, SymbolTable* table) {
  Scope* scope = open->scope;
  scope->symbols = open->symbols.seq();
  scope->parameters = open->parameters.seq();
  scope->children = {arena.make_array<Scope*>(open->children.size()), open->children.size()};
  for (uint32_t i = 0; i < open->children.size(); i++) {
    scope->children[i] = open->children[i]->scope;
    finish_scope(arena, open->children[i], table);
  }
  uint32_t i = pointer_hash(scope->node) & (table->slots_ - 1);
  while (table->table_[i]) i = (i + 1) & (table->slots_ - 1);
  table->table_[i] = scope;
}

SymbolTable* SymbolTableBuilder::build(const Mod* mod) {
  table_ = arena_.make<SymbolTable>();
  table_->future_annotations = options_.future_annotations;
  if (!read_future(mod)) return nullptr;
  enter(BlockType::Module, mod, arena_.intern("top"), Span{});
  bool good = true;
  switch (mod->kind) {
    case ModKind::Module: good = visit(as<Module>(mod)->body); break;
    case ModKind::Interactive: good = visit(as<Interactive>(mod)->body); break;
    case ModKind::Expression: good = visit(as<Expression>(mod)->body); break;
    case ModKind::FunctionType: return fail(Span{}, "this compiler does not handle FunctionTypes"), nullptr;
  }
  if (!good || failed() || !analyze_scopes(arena_, top_, error_)) return nullptr;
  table_->top = top_->scope;
  table_->slots_ = 8;
  while (table_->slots_ < table_->count * 2) table_->slots_ *= 2;
  table_->table_ = arena_.make_array<Scope*>(table_->slots_);
  finish_scope(arena_, top_, table_);
  table_->warnings = warnings_.seq();
  return table_;
}

SymbolTable* build_symbol_table(Arena& arena, const Mod* mod, SyntaxErrorInfo* error, const SymbolTableOptions& options) {
  *error = {};
  return SymbolTableBuilder(arena, error, options).build(mod);
}

}  // namespace pt::syntax
