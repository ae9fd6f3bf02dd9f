// The code generator: one Codegen makes one code unit from the nodes of its scope. Its methods are spread
// over the files of this folder by subject (expressions, calls, statements, try ...).
//
// Registers. Locals are operands where they are read. Temporaries are a stack: `next_temp_` is the first free
// one, and a method leaves it as it found it. Results go where the caller wants them (`into`), so that `x = a
// + b` is one instruction. A temporary is killed by its last use. A local as destination is written by the
// last instruction of an expression only: what fails half-way leaves it as it was.
#pragma once

#include "vm/compile/assembler.h"
#include "vm/compile/compile.h"
#include "vm/compile/constants.h"
#include "vm/compile/names.h"

namespace pt::compiler {

using namespace pt::syntax;
using UnitKind = pt::ConstantKind;
using LiteralKind = pt::syntax::ConstantKind;

// What all units of one compilation share.
struct Context {
  Arena& arena;
  const CompileOptions& options;
  const SymbolTable* symbols = nullptr;
  bool future_annotations = false;
  bool interactive = false;
  uintptr_t stack_limit = 0;
  int32_t last_future_line = -1;  // of the leading `from __future__ import` statements
  SyntaxErrorInfo error;
  std::vector<SyntaxWarningInfo> warnings;
  struct {
    const Identifier *name, *module, *qualname, *doc, *annotations, *classcell, *class_, *debug, *dot_zero, *return_, *lambda,
        *listcomp, *setcomp, *dictcomp, *genexpr, *module_code;
  } ids{};

  const Expr* none_expr = nullptr;  // stands for what a slice leaves out

  Context(Arena& arena_, const CompileOptions& options_);
  bool failed() const { return error.kind != ErrorKind::None; }
  // Only the first error counts; compiling goes on without further effect.
  [[gnu::format(printf, 3, 4)]] void syntax_error(const Span& span, const char* format, ...);
  [[gnu::format(printf, 3, 4)]] void warn(const Span& span, const char* format, ...);
  // True, with RecursionError reported, where the C stack is nearly used up.
  bool is_too_deep() {
    if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) >= stack_limit) [[likely]]
      return false;
    report_too_deep();
    return true;
  }
  [[gnu::cold]] void report_too_deep();
};

enum class ScopeKind : uint8_t { kModule, kClass, kFunction, kAsyncFunction, kLambda, kComprehension };

enum class BlockKind : uint8_t {
  kWhileLoop,
  kForLoop,       // reg: the iterator (of async for too)
  kTry,           // the body of try/except
  kFinally,       // the body of try/finally: final_body is owed
  kHandler,       // in a handler: reg, reg + 1 hold the exceptions; name is to be unbound
  kGroupHandler,  // in a handler of except*: nothing may leave it
  kValue,         // the finally body that a return runs on its way: reg holds the value returned
  kWith,          // reg: the bound __exit__
  kAsyncWith,
};

// A statement we are in that has a part in leaving it. They live on the C++ stack, innermost first.
struct Block {
  BlockKind kind;
  Block* outer = nullptr;
  Region* region = nullptr;
  Region* region2 = nullptr;
  int reg = -1;
  int manager = -1;  // kWith, kAsyncWith: its register, if it is no variable
  int loop = -1;
  Label* break_label = nullptr;
  Label* continue_label = nullptr;
  const Seq<Stmt*>* final_body = nullptr;
  const Identifier* name = nullptr;
  Span span{};
  int weight = 1;  // nested blocks that it counts for
};

Opcode binary_opcode(BinaryOperator op, bool in_place);
// Whether the block itself (not functions in it) annotates anything.
bool has_annotations(const Seq<Stmt*>& statements);

// An encoded R operand.
using Operand = int;
inline constexpr int kNoRegister = -1;

class Codegen {
 public:
  Codegen(Context& context, Codegen* parent, const Scope* scope, ScopeKind kind, const Identifier* name, int first_line);

  CodeUnit* module(const Mod* mod);

 private:
  friend class Temps;
  friend class BlockScope;
  friend class Unwinding;
  friend class PatternCompiler;

  // --- the unit (codegen.cpp)
  void lay_out_registers();
  void add_unbindable(const Seq<Stmt*>& body);
  void prologue();
  CodeUnit* finish();
  const char* make_qualname();
  bool is_function_scope() const { return kind_ >= ScopeKind::kFunction; }
  int alloc();
  bool is_temp(int reg) const { return reg >= first_temp_; }
  static Operand killed(int reg) { return killed_register_operand(reg); }
  static Operand live(int reg) { return register_operand(reg); }
  static int W(int reg) { return register_operand(reg); }
  void at(const Span& span) { asm_.set_position(span); }
  void emit(Opcode op, int a = 0, int b = 0, int c = 0, uint64_t extra = 0) { asm_.emit(op, a, b, c, extra); }
  int name_index(const Identifier* id);  // for an N operand; not mangled
  const Identifier* mangled(const Identifier* id);
  NameEntry& variable(const Identifier* id);  // mangles

  // --- constants (codegen.cpp)
  bool constant_of(const Expr* expr, UnitConstant* out);
  UnitConstant literal_constant(const ConstantValue* value);
  bool is_constant(const Expr* expr);
  int add_constant(const UnitConstant& constant);
  int none_constant();
  int str_constant(std::string_view text);  // text is kept
  int int_constant(int64_t value);
  int tuple_constant(const std::vector<UnitConstant>& items, UnitKind kind = UnitKind::kTuple);
  UnitConstant str_unit(std::string_view text);
  // As an operand; a constant whose number is too large is loaded into scratch or a new temporary.
  Operand constant_operand_of(int index, int scratch = kNoRegister);
  void load_constant(int dest, int index);

  // --- variables (variables.cpp)
  int plain_local(const Expr* expr);  // the register of a Name that is a plain local, else kNoRegister
  void use_local(int reg, const Span& span);
  void mark_bound(int reg) {
    if (asm_.is_reachable()) asm_.bound.add(reg);
  }
  void load_name(const Identifier* id, int dest, const Span& span);
  // value is consumed where it is a killed temporary.
  void store_name(const Identifier* id, Operand value);
  void delete_name(const Identifier* id, const Span& span);
  void unbind_name(const Identifier* id);  // name = None; del name
  bool is_forbidden(const Identifier* id, ExprContext context, const Span& span);
  void store(const Expr* target, Operand value);
  void store_unpacked(const Expr* target, const Seq<Expr*>& elts, Operand value);
  void assign_single(const Expr* target, const Expr* value);
  void delete_target(const Expr* target);
  bool assign_pairwise(const Seq<Expr*>& targets, const Seq<Expr*>& values);

  // --- expressions (expressions.cpp)
  void into(const Expr* expr, int dest);
  // The value for the very next instruction.
  Operand operand(const Expr* expr, int scratch = kNoRegister);
  // The value for an instruction before which `later` is evaluated.
  Operand stable_operand(const Expr* expr, const Expr* later, int scratch = kNoRegister);
  Operand copy_operand(const Expr* expr, int scratch = kNoRegister);  // always in a temporary
  bool is_simple(const Expr* expr);  // a constant or a plain local: no code, no effects
  bool is_rebindable(const Expr* expr);
  void effect(const Expr* expr);
  void jump_if(const Expr* expr, bool condition, Label& target);
  int scratch_for(int dest) const { return is_temp(dest) ? dest : kNoRegister; }
  // The first of consecutive registers for something whose result goes to dest: dest where that is the top
  // temporary.
  int base_for(int dest);
  void bool_op(const BoolOp* expr, int dest);
  void compare(const Compare* expr, int dest);
  void jump_if_compare(const Compare* expr, bool condition, Label& target);
  void emit_compare(CompareOperator op, int dest, Operand left, Operand right);
  void emit_compare_jump(CompareOperator op, Operand left, Operand right, const Expr* right_expr, bool condition, Label& target);
  Operand comparator(CompareOperator op, const Expr* expr, int scratch = kNoRegister);
  Operand kept_comparator(const Expr* expr, int& reg);
  void drop_kept(Label& cleanup, const int (&kept)[2], Label& end);
  void binary(const BinOp* expr, int dest);
  void unary(const UnaryOp* expr, int dest);
  void conditional(const IfExp* expr, int dest);
  void walrus(const NamedExpr* expr, int dest);
  void attribute(const Attribute* expr, int dest);
  void subscript(const Subscript* expr, int dest);
  void yield_value(const Yield* expr, int dest);
  void yield_from(const YieldFrom* expr, int dest);
  void await(const Await* expr, int dest);
  // Sends None into the iterator in register reg (top of the stack) until it ends; its value replaces it.
  void send_loop(int reg);
  Span attribute_span(const Attribute* expr) const;

  // --- displays (displays.cpp)
  // Evaluates count expressions into consecutive registers from `first`, which is next_temp_. Locals and
  // constants go last, borrowed.
  template <class Get>
  void sequence_into(int first, size_t count, Get get);
  void build_sequence(Opcode build, const Seq<Expr*>& elts, int dest, const Span& span);
  void build_incrementally(Opcode build, const Seq<Expr*>& elts, int container, const Span& span);
  void dict_display(const Dict* expr, int dest);
  void joined_string(const JoinedStr* expr, int dest);
  void formatted_value(const FormattedValue* expr, int dest);
  void slice_object(const Slice* expr, int dest);
  Operand iterable_operand(const Expr* expr, int scratch = kNoRegister);

  // --- calls (calls.cpp)
  void call(const Call* expr, int dest);
  bool check_keywords(const Seq<Keyword*>& keywords, const Span& span);
  // Function in base, `leading` arguments after it.
  void call_with(int base, size_t leading, const Seq<Expr*>& args, const Seq<Keyword*>& keywords, int dest, const Span& span,
                 int late_function = kNoRegister);
  void call_ex(int base, size_t leading, const Seq<Expr*>& args, const Seq<Keyword*>& keywords, int dest, const Span& span);
  int keyword_names(const Seq<Keyword*>& keywords);

  // --- functions and classes (functions.cpp, comprehensions.cpp)
  void function_statement(const Stmt* stmt);
  void class_statement(const ClassDef* stmt);
  void lambda(const Lambda* expr, int dest);
  // Evaluates defaults and annotations, then makes the function in dest, which is the top temporary.
  void make_function(const void* node, ScopeKind kind, const Identifier* name, const Arguments* args, const Expr* returns,
                     const Seq<Stmt*>* body, const Expr* lambda_body, int first_line, int dest, const Span& span);
  void function_object(CodeUnit* code, int flags, int base, int dest);
  void namespace_body(const Seq<Stmt*>& statements);
  int collect_annotations(const Arguments* args, const Expr* returns, int first);
  void annotation_into(const Expr* annotation, int dest);
  int load_decorators(const Seq<Expr*>& decorators);
  void apply_decorators(const Seq<Expr*>& decorators, int first);
  bool keyword_defaults(const Arguments* args, const Span& span);
  void check_debug_args(const Arguments* args, const Span& span);
  CodeUnit* function_body(const Arguments* args, const Seq<Stmt*>* body, const Expr* lambda_body);
  CodeUnit* class_body(const ClassDef* stmt);
  void comprehension(const Expr* expr, const Seq<Comprehension*>& generators, int dest);
  CodeUnit* comprehension_body(const Expr* expr, const Seq<Comprehension*>& generators);
  void comprehension_loop(const Expr* expr, const Seq<Comprehension*>& generators, size_t index, int result);

  // --- statements (statements.cpp)
  void body(const Seq<Stmt*>& statements);
  void statement(const Stmt* stmt);
  void expression_statement(const ExprStmt* stmt);
  void assign(const Assign* stmt);
  void augmented_assign(const AugAssign* stmt);
  void annotated_assign(const AnnAssign* stmt);
  void return_statement(const Return* stmt);
  void if_statement(const If* stmt);
  void assert_statement(const Assert* stmt);
  void raise_statement(const Raise* stmt);
  void import_statement(const Import* stmt);
  void import_from(const ImportFrom* stmt);

  // --- loops and leaving blocks (loops.cpp)
  void for_statement(const For* stmt);
  void async_for_statement(const AsyncFor* stmt);
  void while_statement(const While* stmt);
  void break_statement(const Stmt* stmt);
  void continue_statement(const Stmt* stmt);
  void at_end_of_block();
  void jump_back(int loop, Label& head);
  void next_item(int iterator, const Expr* target, Label& done, const Span& span);
  void async_next_item(int iterator, const Expr* target, Region& region, const Span& span);
  void end_async_loop(int iterator, Region& region, const Span& span);
  Block* enclosing_loop(const Stmt* stmt, const char* message);
  void leave_block(Block& block, int value);
  bool leaving_runs_code(const Block* until = nullptr) const;
  void call_exit(int exit_register, bool is_async);

  // --- try and with (try.cpp, with.cpp)
  void try_statement(const Try* stmt);
  void try_except(const Try* stmt);
  void try_finally(const Span& span, const Seq<Stmt*>& final_body, const Try* plain, const TryStar* star);
  void try_star_statement(const TryStar* stmt);
  void try_star_except(const TryStar* stmt);
  // The end of a handler whose exception is in reg: re-raises it, or what came up meanwhile.
  void reraise_tail(int reg, Region& cleanup, int at_raise = 0);
  void with_statement(const Seq<WithItem*>& items, size_t index, const Seq<Stmt*>& body, bool is_async, const Span& span);

  // --- match (match.cpp)
  void match_statement(const Match* stmt);

  // --- warnings (warnings.cpp)
  void check_caller(const Call* expr);
  void check_subscripter(const Subscript* expr);
  void check_index(const Subscript* expr);
  void check_compare(const Compare* expr);

  Context& context_;
  Codegen* parent_;
  const Scope* scope_;
  ScopeKind kind_;
  const Identifier* name_;
  CodeUnit* unit_;
  Assembler asm_;
  ConstantPool constants_;
  NameTable names_;
  std::vector<const Identifier*> name_list_;
  Block* blocks_ = nullptr;
  int block_depth_ = 0;
  int first_temp_ = 0;
  int next_temp_ = 0;
  int max_temp_ = 0;
  int loop_count_ = 0;
  int none_constant_ = -1;
  int class_cell_ = kNoRegister;  // class body: the cell that its methods know as __class__
  const Identifier* self_ = nullptr;
};

// Gives back the temporaries allocated since.
class Temps {
 public:
  explicit Temps(Codegen& generator) : generator_(generator), saved_(generator.next_temp_) {}
  ~Temps() { generator_.next_temp_ = saved_; }
  Temps(const Temps&) = delete;
  Temps& operator=(const Temps&) = delete;

 private:
  Codegen& generator_;
  int saved_;
};

class BlockScope {
 public:
  BlockScope(Codegen& generator, Block& block);
  ~BlockScope();
  BlockScope(const BlockScope&) = delete;
  BlockScope& operator=(const BlockScope&) = delete;

 private:
  Codegen& generator_;
  Block* const outer_;
  const int weight_;
};

// Emits what leaving the blocks inside `until` takes (null: all of them). While it lives, code is outside
// these blocks.
class Unwinding {
 public:
  Unwinding(Codegen& generator, Block* until, int value = kNoRegister);
  ~Unwinding();
  Unwinding(const Unwinding&) = delete;
  Unwinding& operator=(const Unwinding&) = delete;

 private:
  Codegen& generator_;
  Block* innermost_;
  Block* until_;
  int depth_;
};

template <class Get>
void Codegen::sequence_into(int first, size_t count, Get get) {
  size_t last_complex = 0;  // one more than its index
  for (size_t i = count; i > 0 && last_complex == 0; i--) {
    if (!is_simple(get(i - 1))) last_complex = i;
  }
  constexpr size_t kMaxDeferred = 64;
  uint64_t deferred = 0;
  for (size_t i = 0; i < count; i++) {
    const Expr* expr = get(i);
    int reg = alloc();
    if (i >= last_complex) {
      int local = plain_local(expr);
      if (local >= 0) {
        use_local(local, expr->span);
        continue;  // all of these are loaded below
      }
      continue;
    }
    if (i < kMaxDeferred && is_simple(expr) && !is_rebindable(expr)) {
      int local = plain_local(expr);
      if (local >= 0) use_local(local, expr->span);
      deferred |= uint64_t{1} << i;
      continue;
    }
    into(expr, reg);
  }
  for (size_t i = 0; i < count; i++) {
    if (i < last_complex && !(i < kMaxDeferred && (deferred >> i & 1))) continue;
    const Expr* expr = get(i);
    int reg = first + static_cast<int>(i);
    int local = plain_local(expr);
    if (local >= 0) {
      at(expr->span);
      emit(Opcode::kMOVE_BORROW, W(reg), live(local));
    } else {
      into(expr, reg);
    }
  }
}

// Whether a constant is true: 0, 1, or -1 for what is no literal.
int truth_of(const Expr* expr);

}  // namespace pt::compiler
