#include "vm/compile/codegen.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "gc/platform/check.h"
#include "vm/compile/fold.h"

namespace pt::compiler {

Context::Context(Arena& arena_, const CompileOptions& options_) : arena(arena_), options(options_) {
  ids.name = arena.intern("__name__");
  ids.module = arena.intern("__module__");
  ids.qualname = arena.intern("__qualname__");
  ids.doc = arena.intern("__doc__");
  ids.annotations = arena.intern("__annotations__");
  ids.classcell = arena.intern("__classcell__");
  ids.class_ = arena.intern("__class__");
  ids.debug = arena.intern("__debug__");
  ids.dot_zero = arena.intern(".0");
  ids.return_ = arena.intern("return");
  ids.lambda = arena.intern("<lambda>");
  ids.listcomp = arena.intern("<listcomp>");
  ids.setcomp = arena.intern("<setcomp>");
  ids.dictcomp = arena.intern("<dictcomp>");
  ids.genexpr = arena.intern("<genexpr>");
  ids.module_code = arena.intern("<module>");
  none_expr = make_node<Constant>(arena);
}

namespace {

String format_text(Arena& arena, const char* format, va_list arguments) {
  char buffer[1024];
  int length = vsnprintf(buffer, sizeof buffer, format, arguments);
  size_t size = std::min(static_cast<size_t>(std::max(length, 0)), sizeof buffer - 1);
  std::string_view text = arena.copy(std::string_view(buffer, size));
  return {text.data(), static_cast<uint32_t>(text.size())};
}

}  // namespace

void Context::syntax_error(const Span& span, const char* format, ...) {
  if (failed()) return;
  va_list arguments;
  va_start(arguments, format);
  error.message = format_text(arena, format, arguments);
  va_end(arguments);
  error.kind = ErrorKind::SyntaxError;
  error.line = span.line;
  error.offset = span.col + 1;
  error.end_line = span.end_line;
  error.end_offset = span.end_col + 1;
}

void Context::warn(const Span& span, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  String message = format_text(arena, format, arguments);
  va_end(arguments);
  for (const SyntaxWarningInfo& known : warnings) {  // code that is compiled twice (finally) warns once
    if (known.span.line == span.line && known.span.col == span.col && known.message.view() == message.view()) return;
  }
  warnings.push_back({WarningCategory::SyntaxWarning, span, message});
}

void Context::report_too_deep() {
  if (failed()) return;
  static constexpr std::string_view kMessage = "maximum recursion depth exceeded during compilation";
  error.kind = ErrorKind::RecursionError;
  error.message = {kMessage.data(), static_cast<uint32_t>(kMessage.size())};
}

BlockScope::BlockScope(Codegen& generator, Block& block)
    : generator_(generator), outer_(generator.blocks_), weight_(block.weight) {
  block.outer = outer_;
  generator.blocks_ = &block;
  if ((generator.block_depth_ += weight_) > 20) {
    generator.context_.syntax_error(block.span, "too many statically nested blocks");
  }
}

BlockScope::~BlockScope() {
  generator_.blocks_ = outer_;
  generator_.block_depth_ -= weight_;
}

Codegen::Codegen(Context& context, Codegen* parent, const Scope* scope, ScopeKind kind, const Identifier* name, int first_line)
    : context_(context), parent_(parent), scope_(scope), kind_(kind), name_(name) {
  unit_ = context.arena.make<CodeUnit>();
  unit_->name = name;
  unit_->first_line = first_line;
  unit_->qualname = make_qualname();
  lay_out_registers();
}

const char* Codegen::make_qualname() {
  if (kind_ == ScopeKind::kModule || !parent_ || parent_->kind_ == ScopeKind::kModule) return name_->utf8;
  if (kind_ == ScopeKind::kFunction || kind_ == ScopeKind::kAsyncFunction || kind_ == ScopeKind::kClass) {
    const Symbol* symbol = parent_->scope_->find(parent_->mangled(name_));
    if (symbol && symbol->scope == NameScope::GlobalExplicit) return name_->utf8;
  }
  std::string_view outer = parent_->unit_->qualname;
  std::string_view middle = parent_->is_function_scope() ? ".<locals>." : ".";
  size_t size = outer.size() + middle.size() + name_->length;
  char* text = static_cast<char*>(context_.arena.allocate(size + 1));
  memcpy(text, outer.data(), outer.size());
  memcpy(text + outer.size(), middle.data(), middle.size());
  memcpy(text + outer.size() + middle.size(), name_->utf8, name_->length);
  text[size] = 0;
  return text;
}

void Codegen::lay_out_registers() {
  std::vector<const Identifier*> names;
  std::vector<uint8_t> kinds;
  auto add = [&](const Identifier* id, Access access, uint8_t kind) {
    NameEntry& entry = names_[id];
    entry.reg = static_cast<int16_t>(std::min<size_t>(names.size(), kMaxRegister));
    entry.access = access;
    names.push_back(id);
    kinds.push_back(kind);
  };
  auto by_name = [](const Symbol* a, const Symbol* b) { return a->name->view() < b->name->view(); };

  if (is_function_scope()) {
    for (const Identifier* parameter : scope_->parameters) {
      bool is_cell = scope_->scope_of(parameter) == NameScope::Cell;
      add(parameter, is_cell ? Access::kCell : Access::kLocal, is_cell ? 3 : 1);
      if (!is_cell) asm_.bound.add(names_[parameter].reg);
    }
    unit_->parameter_count = scope_->parameters.size;
    if (scope_->parameters.size > 0) self_ = scope_->parameters[0];
  }
  std::vector<const Symbol*> cells, frees;
  for (const Symbol* symbol : scope_->symbols) {
    switch (symbol->scope) {
      case NameScope::Local:
        if (!is_function_scope()) {
          names_[symbol->name].access = Access::kName;
        } else {
          NameEntry& entry = names_[symbol->name];
          if (entry.access == Access::kUnknown) add(symbol->name, Access::kLocal, 1);
          names_[symbol->name].is_walrus = symbol->flags & kDefWalrus;
        }
        break;
      case NameScope::Cell:
        if (names_[symbol->name].access == Access::kUnknown) cells.push_back(symbol);
        break;
      case NameScope::Free: frees.push_back(symbol); break;
      case NameScope::GlobalExplicit: names_[symbol->name].access = Access::kGlobal; break;
      default:
        // A class that binds a name which its methods take from an outer function.
        if (symbol->flags & kDefFreeClass) frees.push_back(symbol);
        break;
    }
  }
  if (kind_ == ScopeKind::kClass) {
    for (const Symbol* symbol : scope_->symbols) {
      if (symbol->scope != NameScope::Free && symbol->scope != NameScope::GlobalImplicit && (symbol->flags & kDefFreeClass) &&
          symbol->scope != NameScope::Cell) {
        frees.push_back(symbol);
      }
    }
  }
  std::sort(cells.begin(), cells.end(), by_name);
  std::sort(frees.begin(), frees.end(), by_name);
  if (scope_->type == BlockType::Class && scope_->needs_class_closure) {
    class_cell_ = static_cast<int>(names.size());
    names.push_back(context_.ids.class_);
    kinds.push_back(2);
  }
  for (const Symbol* symbol : cells) {
    if (names_[symbol->name].reg < 0) add(symbol->name, Access::kCell, 2);
  }
  unit_->free_register = static_cast<uint32_t>(names.size());
  unit_->free_count = static_cast<uint32_t>(frees.size());
  for (const Symbol* symbol : frees) {
    Access access = kind_ != ScopeKind::kClass         ? Access::kCell
                    : symbol->scope == NameScope::Free ? Access::kClassCell
                                                       : names_[symbol->name].access;
    add(symbol->name, access, 4);
  }
  unit_->first_temporary = static_cast<uint32_t>(names.size());
  first_temp_ = next_temp_ = max_temp_ = static_cast<int>(names.size());
  if (names.size() > kMaxRegister) {
    context_.syntax_error(scope_->span, "too many local variables");
    first_temp_ = next_temp_ = max_temp_ = 0;
  }
  unit_->local_names = context_.arena.copy(names.data(), names.size());
  unit_->local_kinds = context_.arena.copy(kinds.data(), kinds.size());

  uint32_t flags = 0;
  if (is_function_scope()) {
    flags |= kCodeOptimized | kCodeNewLocals;
    if (scope_->is_nested) flags |= kCodeNested;
    if (scope_->is_generator && !scope_->is_coroutine) flags |= kCodeGenerator;
    if (!scope_->is_generator && scope_->is_coroutine) flags |= kCodeCoroutine;
    if (scope_->is_generator && scope_->is_coroutine) flags |= kCodeAsyncGenerator;
    if (scope_->has_varargs) flags |= kCodeVarArgs;
    if (scope_->has_varkeywords) flags |= kCodeVarKeywords;
  } else if (context_.options.top_level_await && kind_ == ScopeKind::kModule && scope_->is_coroutine) {
    flags |= kCodeCoroutine;
  }
  if (context_.future_annotations) flags |= kCodeFutureAnnotations;
  unit_->flags = flags;
}

template <class Found>
static void visit_names(const Expr* target, const Found& found) {
  if (const Name* name = try_as<Name>(target)) found(name->id);
  if (const Tuple* tuple = try_as<Tuple>(target)) {
    for (const Expr* element : tuple->elts) visit_names(element, found);
  }
  if (const List* list = try_as<List>(target)) {
    for (const Expr* element : list->elts) visit_names(element, found);
  }
}

void Codegen::add_unbindable(const Seq<Stmt*>& statements) {
  auto unbind = [&](const Identifier* id) {
    NameEntry& entry = variable(id);
    if (entry.access == Access::kLocal) asm_.unbindable.add(entry.reg);
  };
  auto handlers = [&](const Seq<ExceptHandler*>& list) {
    for (const ExceptHandler* handler : list) {
      const ExceptClause* clause = as<ExceptClause>(handler);
      if (clause->name) unbind(clause->name);
      add_unbindable(clause->body);
    }
  };
  for (const Stmt* stmt : statements) {
    switch (stmt->kind) {
      case StmtKind::Delete:
        for (const Expr* target : as<Delete>(stmt)->targets) visit_names(target, unbind);
        break;
      case StmtKind::For: add_unbindable(as<For>(stmt)->body), add_unbindable(as<For>(stmt)->orelse); break;
      case StmtKind::AsyncFor: add_unbindable(as<AsyncFor>(stmt)->body), add_unbindable(as<AsyncFor>(stmt)->orelse); break;
      case StmtKind::While: add_unbindable(as<While>(stmt)->body), add_unbindable(as<While>(stmt)->orelse); break;
      case StmtKind::If: add_unbindable(as<If>(stmt)->body), add_unbindable(as<If>(stmt)->orelse); break;
      case StmtKind::With: add_unbindable(as<With>(stmt)->body); break;
      case StmtKind::AsyncWith: add_unbindable(as<AsyncWith>(stmt)->body); break;
      case StmtKind::Match:
        for (const MatchCase* match_case : as<Match>(stmt)->cases) add_unbindable(match_case->body);
        break;
      case StmtKind::Try: {
        const Try* node = as<Try>(stmt);
        add_unbindable(node->body), add_unbindable(node->orelse), add_unbindable(node->finalbody);
        handlers(node->handlers);
        break;
      }
      case StmtKind::TryStar: {
        const TryStar* node = as<TryStar>(stmt);
        add_unbindable(node->body), add_unbindable(node->orelse), add_unbindable(node->finalbody);
        handlers(node->handlers);
        break;
      }
      default: break;
    }
  }
}

void Codegen::prologue() {
  // A module begins before its first line.
  at({kind_ == ScopeKind::kModule ? 0 : unit_->first_line, 0, unit_->first_line, 0});
  if (unit_->flags & (kCodeGenerator | kCodeCoroutine | kCodeAsyncGenerator)) emit(Opcode::kRETURN_GENERATOR);
  for (uint32_t reg = 0; reg < unit_->local_kinds.size; reg++) {
    if (unit_->local_kinds[reg] & 2) emit(Opcode::kMAKE_CELL, W(static_cast<int>(reg)));
  }
  emit(Opcode::kRESUME);
}

CodeUnit* Codegen::finish() {
  if (asm_.is_reachable()) {
    emit(Opcode::kRETURN, constant_operand_of(none_constant()));
    asm_.split_final_return();
  }
  unit_->register_count = static_cast<uint32_t>(max_temp_);
  unit_->loop_count = static_cast<uint32_t>(loop_count_);
  unit_->names = context_.arena.copy(name_list_.data(), name_list_.size());
  unit_->constants = constants_.finish(context_.arena);
  if (unit_->docstring) unit_->docstring = &unit_->constants[0];
  asm_.finish(context_.arena, unit_);
  return unit_;
}

int Codegen::alloc() {
  if (next_temp_ >= kMaxRegister) {
    context_.syntax_error(asm_.position(), "too many values in one expression");
    return next_temp_ - 1;
  }
  int reg = next_temp_++;
  if (next_temp_ > max_temp_) max_temp_ = next_temp_;
  return reg;
}

const Identifier* Codegen::mangled(const Identifier* id) {
  if (!scope_->private_name || id->length < 3 || id->utf8[0] != '_' || id->utf8[1] != '_') return id;
  return mangle(context_.arena, scope_->private_name, id);
}

NameEntry& Codegen::variable(const Identifier* id) {
  NameEntry& entry = names_[mangled(id)];
  if (entry.access == Access::kUnknown) entry.access = is_function_scope() ? Access::kGlobal : Access::kName;
  return entry;
}

int Codegen::name_index(const Identifier* id) {
  NameEntry& entry = names_[id];
  if (entry.name_index < 0) {
    entry.name_index = static_cast<int32_t>(name_list_.size());
    name_list_.push_back(id);
    if (name_list_.size() > INT16_MAX) {
      context_.syntax_error(asm_.position(), "too many names");
      return 0;
    }
  }
  return entry.name_index;
}

// --- constants

bool Codegen::is_constant(const Expr* expr) {
  switch (expr->kind) {
    case ExprKind::Constant: return true;
    case ExprKind::Tuple: {
      const Tuple* tuple = as<Tuple>(expr);
      if (tuple->ctx != ExprContext::Load) return false;
      for (const Expr* element : tuple->elts) {
        if (!is_constant(element)) return false;
      }
      return true;
    }
    case ExprKind::BinOp:
    case ExprKind::UnaryOp: {
      UnitConstant ignored;
      return constant_of(expr, &ignored);
    }
    default: return false;
  }
}

UnitConstant Codegen::literal_constant(const ConstantValue* value) {
  UnitConstant constant = make_constant(value);
  if (value->kind == LiteralKind::FrozenSet) {
    UnitConstant* items = context_.arena.make_array<UnitConstant>(value->text.length);
    for (uint32_t i = 0; i < value->text.length; i++) items[i] = literal_constant(&value->items[i]);
    constant.items = items;
    constant.item_count = value->text.length;
  }
  return constant;
}

bool Codegen::constant_of(const Expr* expr, UnitConstant* out) {
  switch (expr->kind) {
    case ExprKind::Constant: *out = literal_constant(&as<Constant>(expr)->value); return true;
    case ExprKind::Tuple: {
      if (!is_constant(expr)) return false;
      const Tuple* tuple = as<Tuple>(expr);
      UnitConstant* items = context_.arena.make_array<UnitConstant>(tuple->elts.size);
      for (uint32_t i = 0; i < tuple->elts.size; i++) {
        if (!constant_of(tuple->elts[i], &items[i])) return false;
      }
      *out = {};
      out->kind = UnitKind::kTuple;
      out->items = items;
      out->item_count = tuple->elts.size;
      return true;
    }
    case ExprKind::BinOp:
    case ExprKind::UnaryOp: {
      double real, imaginary;
      if (!fold_complex(expr, &real, &imaginary)) return false;
      UnitConstant* parts = context_.arena.make_array<UnitConstant>(2);
      for (int i = 0; i < 2; i++) {
        ConstantValue* value = context_.arena.make<ConstantValue>();
        value->kind = LiteralKind::Float;
        value->number = i == 0 ? real : imaginary;
        parts[i] = make_constant(value);
      }
      *out = {};
      out->kind = UnitKind::kComplex;
      out->items = parts;
      out->item_count = 2;
      return true;
    }
    default: return false;
  }
}

int Codegen::add_constant(const UnitConstant& constant) { return constants_.add(constant); }

int Codegen::none_constant() {
  if (none_constant_ < 0) none_constant_ = constants_.add(UnitConstant{.kind = UnitKind::kNone});
  return none_constant_;
}

UnitConstant Codegen::str_unit(std::string_view text) {
  ConstantValue* value = context_.arena.make<ConstantValue>();
  value->kind = LiteralKind::Str;
  value->text = {text.data(), static_cast<uint32_t>(text.size())};
  return make_constant(value);
}

int Codegen::str_constant(std::string_view text) { return constants_.add(str_unit(text)); }

int Codegen::int_constant(int64_t integer) {
  ConstantValue* value = context_.arena.make<ConstantValue>();
  value->kind = LiteralKind::Int;
  value->is_small = true;
  value->integer = integer;
  return constants_.add(make_constant(value));
}

int Codegen::tuple_constant(const std::vector<UnitConstant>& items, UnitKind kind) {
  UnitConstant constant{};
  constant.kind = kind;
  constant.items = context_.arena.copy(items.data(), items.size()).data;
  constant.item_count = static_cast<uint32_t>(items.size());
  return constants_.add(constant);
}

Operand Codegen::constant_operand_of(int index, int scratch) {
  if (index < kMaxRegister) return constant_operand(index);
  int reg = scratch >= 0 ? scratch : alloc();
  load_constant(reg, index);
  return killed(reg);
}

void Codegen::load_constant(int dest, int index) { asm_.emit_wide(Opcode::kLOAD_CONST, W(dest), index); }

// --- the module

CodeUnit* Codegen::module(const Mod* mod) {
  switch (mod->kind) {
    case ModKind::Expression: {
      const Expr* value = as<Expression>(mod)->body;
      prologue();
      Operand result = operand(value);
      at(value->span);
      emit(Opcode::kRETURN, result);
      break;
    }
    case ModKind::Interactive: {
      prologue();
      if (has_annotations(as<Interactive>(mod)->body)) emit(Opcode::kSETUP_ANNOTATIONS);
      body(as<Interactive>(mod)->body);
      break;
    }
    default: {
      const Seq<Stmt*>& statements = as<Module>(mod)->body;
      prologue();
      namespace_body(statements);
      break;
    }
  }
  return finish();
}

namespace {

// The `from __future__ import` statements at the top; unknown features are errors.
void check_future(Context& context, const Mod* mod) {
  Seq<Stmt*> body;
  if (mod->kind == ModKind::Module) body = as<Module>(mod)->body;
  if (mod->kind == ModKind::Interactive) body = as<Interactive>(mod)->body;
  static constexpr std::string_view kFeatures[] = {"nested_scopes",  "generators",     "division",         "absolute_import",
                                                   "with_statement", "print_function", "unicode_literals", "barry_as_FLUFL",
                                                   "generator_stop", "annotations"};
  bool done = false, is_first = true;
  int32_t last_line = 0;
  auto fail = [&](const Span& span, const char* format, const char* name) {
    context.syntax_error(span, format, name);
    context.error.end_line = span.line;
    context.error.end_offset = 0;
  };
  for (const Stmt* stmt : body) {
    // A statement of another kind ends the imports, but only its line.
    if (done && stmt->span.line > last_line) return;
    last_line = stmt->span.line;
    const ImportFrom* import = try_as<ImportFrom>(stmt);
    if (import && import->level == 0 && import->module && import->module->view() == "__future__") {
      if (done) {
        fail(stmt->span, "from __future__ imports must occur at the beginning of the file%s", "");
        context.error.offset = stmt->span.col;  // as CPython has it
        return;
      }
      context.last_future_line = stmt->span.line;
      for (const Alias* alias : import->names) {
        std::string_view name = alias->name->view();
        bool is_known = false;
        for (std::string_view feature : kFeatures) is_known |= feature == name;
        if (name == "annotations") context.future_annotations = true;
        if (name == "braces") return fail(stmt->span, "not a chance%s", "");
        if (!is_known) return fail(stmt->span, "future feature %.100s is not defined", alias->name->utf8);
      }
    } else {
      const ExprStmt* docstring = try_as<ExprStmt>(stmt);
      const Constant* text = docstring ? try_as<Constant>(docstring->value) : nullptr;
      if (!is_first || !text || text->value.kind != LiteralKind::Str) done = true;
    }
    is_first = false;
  }
}

}  // namespace
}  // namespace pt::compiler

namespace pt {

CompileResult compile_module(syntax::Arena& arena, syntax::Mod* mod, const syntax::SymbolTable* symbols,
                             const CompileOptions& options) {
  using namespace compiler;
  CompileResult result;
  Context context(arena, options);
  context.symbols = symbols;
  context.interactive = mod->kind == ModKind::Interactive;
  context.stack_limit = options.stack_limit;
  if (!context.stack_limit) {
    context.stack_limit = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - (uintptr_t{3} << 20);
  }
  check_future(context, mod);
  if (!symbols && !context.failed()) {
    SymbolTableOptions table_options;
    table_options.future_annotations = options.future_annotations || context.future_annotations;
    context.symbols = build_symbol_table(arena, mod, &context.error, table_options);
  }
  if (context.symbols && !context.failed()) {
    context.future_annotations |= context.symbols->future_annotations || options.future_annotations;
    if (context.future_annotations) result.future_flags |= kCodeFutureAnnotations;
    fold_constants(context, mod);
    Codegen generator(context, nullptr, context.symbols->top, ScopeKind::kModule, context.ids.module_code, 1);
    CodeUnit* unit = generator.module(mod);
    if (!context.failed()) result.code = unit;
  }
  result.error = context.error;
  result.warnings = arena.copy(context.warnings.data(), context.warnings.size());
  return result;
}

}  // namespace pt
