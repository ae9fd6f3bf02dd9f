// Expressions: values into registers, operands, and conditions as jumps.
#include "vm/compile/codegen.h"

namespace pt::compiler {

Opcode binary_opcode(BinaryOperator op, bool in_place) {
  int base;
  switch (op) {
    case BinaryOperator::Add: base = static_cast<int>(Opcode::kADD); break;
    case BinaryOperator::Sub: base = static_cast<int>(Opcode::kSUB); break;
    case BinaryOperator::Mult: base = static_cast<int>(Opcode::kMUL); break;
    case BinaryOperator::MatMult: base = static_cast<int>(Opcode::kMATMUL); break;
    case BinaryOperator::Div: base = static_cast<int>(Opcode::kTRUEDIV); break;
    case BinaryOperator::FloorDiv: base = static_cast<int>(Opcode::kFLOORDIV); break;
    case BinaryOperator::Mod: base = static_cast<int>(Opcode::kMOD); break;
    case BinaryOperator::Pow: base = static_cast<int>(Opcode::kPOW); break;
    case BinaryOperator::LShift: base = static_cast<int>(Opcode::kLSHIFT); break;
    case BinaryOperator::RShift: base = static_cast<int>(Opcode::kRSHIFT); break;
    case BinaryOperator::BitAnd: base = static_cast<int>(Opcode::kAND); break;
    case BinaryOperator::BitOr: base = static_cast<int>(Opcode::kOR); break;
    default: base = static_cast<int>(Opcode::kXOR);
  }
  constexpr int kDistance = static_cast<int>(Opcode::kINPLACE_ADD) - static_cast<int>(Opcode::kADD);
  static_assert(static_cast<int>(Opcode::kINPLACE_XOR) - static_cast<int>(Opcode::kXOR) == kDistance);
  return static_cast<Opcode>(in_place ? base + kDistance : base);
}

int truth_of(const Expr* expr) {
  if (const Tuple* tuple = try_as<Tuple>(expr)) return tuple->elts.empty() ? 0 : -1;
  const Constant* node = try_as<Constant>(expr);
  if (!node) return -1;
  const ConstantValue& value = node->value;
  switch (value.kind) {
    case LiteralKind::None:
    case LiteralKind::False: return 0;
    case LiteralKind::True:
    case LiteralKind::Ellipsis: return 1;
    case LiteralKind::Int: return !value.is_small || value.integer != 0;
    case LiteralKind::Float:
    case LiteralKind::Imaginary: return value.number != 0;
    default: return value.text.length != 0;
  }
}

namespace {

bool is_none(const Expr* expr) {
  const Constant* node = try_as<Constant>(expr);
  return node && node->value.kind == LiteralKind::None;
}

}  // namespace

bool Codegen::is_simple(const Expr* expr) { return plain_local(expr) >= 0 || is_constant(expr); }

int Codegen::base_for(int dest) { return is_temp(dest) && dest == next_temp_ - 1 ? dest : alloc(); }

Operand Codegen::operand(const Expr* expr, int scratch) {
  UnitConstant constant;
  if (constant_of(expr, &constant)) return constant_operand_of(add_constant(constant), scratch);
  if (int local = plain_local(expr); local >= 0) {
    use_local(local, expr->span);
    return live(local);
  }
  if (const NamedExpr* node = try_as<NamedExpr>(expr)) {
    if (int local = plain_local(node->target); local >= 0) {
      walrus(node, kNoRegister);
      return live(local);
    }
  }
  int reg = scratch >= 0 ? scratch : alloc();
  into(expr, reg);
  return killed(reg);
}

Operand Codegen::copy_operand(const Expr* expr, int scratch) {
  int reg = scratch >= 0 ? scratch : alloc();
  into(expr, reg);
  return killed(reg);
}

Operand Codegen::stable_operand(const Expr* expr, const Expr* later, int scratch) {
  if (later && is_simple(later)) return operand(expr, scratch);
  const Expr* name = expr;
  if (const NamedExpr* node = try_as<NamedExpr>(expr)) name = node->target;
  if (is_rebindable(name)) return copy_operand(expr, scratch);
  return operand(expr, scratch);
}

void Codegen::into(const Expr* expr, int dest) {
  if (context_.is_too_deep()) return;
  switch (expr->kind) {
    case ExprKind::Constant: {
      UnitConstant constant;
      constant_of(expr, &constant);
      int index = add_constant(constant);
      at(expr->span);
      load_constant(dest, index);
      return;
    }
    case ExprKind::Name: load_name(as<Name>(expr)->id, dest, expr->span); return;
    case ExprKind::BoolOp: bool_op(as<BoolOp>(expr), dest); return;
    case ExprKind::NamedExpr: walrus(as<NamedExpr>(expr), dest); return;
    case ExprKind::BinOp: binary(as<BinOp>(expr), dest); return;
    case ExprKind::UnaryOp: unary(as<UnaryOp>(expr), dest); return;
    case ExprKind::Lambda: lambda(as<Lambda>(expr), dest); return;
    case ExprKind::IfExp: conditional(as<IfExp>(expr), dest); return;
    case ExprKind::Dict: dict_display(as<Dict>(expr), dest); return;
    case ExprKind::Set: build_sequence(Opcode::kBUILD_SET, as<Set>(expr)->elts, dest, expr->span); return;
    case ExprKind::List: build_sequence(Opcode::kBUILD_LIST, as<List>(expr)->elts, dest, expr->span); return;
    case ExprKind::Tuple: {
      UnitConstant constant;
      at(expr->span);
      if (constant_of(expr, &constant)) {
        load_constant(dest, add_constant(constant));
      } else {
        build_sequence(Opcode::kBUILD_TUPLE, as<Tuple>(expr)->elts, dest, expr->span);
      }
      return;
    }
    case ExprKind::ListComp: comprehension(expr, as<ListComp>(expr)->generators, dest); return;
    case ExprKind::SetComp: comprehension(expr, as<SetComp>(expr)->generators, dest); return;
    case ExprKind::DictComp: comprehension(expr, as<DictComp>(expr)->generators, dest); return;
    case ExprKind::GeneratorExp: comprehension(expr, as<GeneratorExp>(expr)->generators, dest); return;
    case ExprKind::Await: await(as<Await>(expr), dest); return;
    case ExprKind::Yield: yield_value(as<Yield>(expr), dest); return;
    case ExprKind::YieldFrom: yield_from(as<YieldFrom>(expr), dest); return;
    case ExprKind::Compare: compare(as<Compare>(expr), dest); return;
    case ExprKind::Call: call(as<Call>(expr), dest); return;
    case ExprKind::FormattedValue: formatted_value(as<FormattedValue>(expr), dest); return;
    case ExprKind::JoinedStr: joined_string(as<JoinedStr>(expr), dest); return;
    case ExprKind::Attribute: attribute(as<Attribute>(expr), dest); return;
    case ExprKind::Subscript: subscript(as<Subscript>(expr), dest); return;
    case ExprKind::Slice: slice_object(as<Slice>(expr), dest); return;
    case ExprKind::Starred: context_.syntax_error(expr->span, "can't use starred expression here"); return;
  }
}

// Evaluates for the effects alone.
void Codegen::effect(const Expr* expr) {
  if (context_.is_too_deep()) return;
  if (is_constant(expr)) return;
  switch (expr->kind) {
    case ExprKind::Name:
      if (int local = plain_local(expr); local >= 0) {
        use_local(local, expr->span);
        return;
      }
      break;
    case ExprKind::NamedExpr: walrus(as<NamedExpr>(expr), kNoRegister); return;
    case ExprKind::BoolOp: {
      const BoolOp* node = as<BoolOp>(expr);
      Label end;
      for (uint32_t i = 0; i + 1 < node->values.size; i++) {
        jump_if(node->values[i], node->op == BoolOperator::Or, end);
      }
      effect(node->values.back());
      asm_.bind(end);
      return;
    }
    case ExprKind::IfExp: {
      const IfExp* node = as<IfExp>(expr);
      Label orelse, end;
      jump_if(node->test, false, orelse);
      effect(node->body);
      asm_.jump(end);
      asm_.bind(orelse);
      effect(node->orelse);
      asm_.bind(end);
      return;
    }
    default: break;
  }
  Temps temps(*this);
  int reg = alloc();
  into(expr, reg);
  at(expr->span);
  emit(Opcode::kCLEAR, W(reg));
}

void Codegen::jump_if(const Expr* expr, bool condition, Label& target) {
  if (context_.is_too_deep()) return;
  if (int truth = truth_of(expr); truth >= 0) {
    at(expr->span);
    if (expr->kind == ExprKind::Constant) emit(Opcode::kNOP);
    if (condition == (truth == 1)) asm_.jump(target);
    return;
  }
  switch (expr->kind) {
    case ExprKind::UnaryOp:
      if (as<UnaryOp>(expr)->op == UnaryOperator::Not) {
        jump_if(as<UnaryOp>(expr)->operand, !condition, target);
        return;
      }
      break;
    case ExprKind::BoolOp: {
      const BoolOp* node = as<BoolOp>(expr);
      bool deciding = node->op == BoolOperator::Or;  // the value that ends the evaluation
      Label end;
      Label& decided = deciding == condition ? target : end;
      for (uint32_t i = 0; i + 1 < node->values.size; i++) jump_if(node->values[i], deciding, decided);
      jump_if(node->values.back(), condition, target);
      asm_.bind(end);
      return;
    }
    case ExprKind::IfExp: {
      const IfExp* node = as<IfExp>(expr);
      Label orelse, end;
      jump_if(node->test, false, orelse);
      jump_if(node->body, condition, target);
      asm_.jump(end);
      asm_.bind(orelse);
      jump_if(node->orelse, condition, target);
      asm_.bind(end);
      return;
    }
    case ExprKind::Compare: jump_if_compare(as<Compare>(expr), condition, target); return;
    default: break;
  }
  Temps temps(*this);
  Operand value = operand(expr);
  at(expr->span);
  asm_.emit_jump(condition ? Opcode::kJUMP_IF_TRUE : Opcode::kJUMP_IF_FALSE, value, target);
}

void Codegen::bool_op(const BoolOp* expr, int dest) {
  if (!is_temp(dest)) {
    Opcode jump = expr->op == BoolOperator::Or ? Opcode::kJUMP_IF_TRUE : Opcode::kJUMP_IF_FALSE;
    if (expr->values.size == 2 && plain_local(expr->values[0]) == dest) {
      Label end;  // x = x or y
      use_local(dest, expr->values[0]->span);
      at(expr->values[0]->span);
      asm_.emit_jump(jump, live(dest), end);
      into(expr->values[1], dest);
      asm_.bind(end);
      return;
    }
    Temps temps(*this);
    int reg = alloc();
    bool_op(expr, reg);
    at(expr->span);
    emit(Opcode::kMOVE, W(dest), killed(reg));
    return;
  }
  Opcode jump = expr->op == BoolOperator::Or ? Opcode::kJUMP_IF_TRUE_OR_CLEAR : Opcode::kJUMP_IF_FALSE_OR_CLEAR;
  Label end;
  for (uint32_t i = 0; i + 1 < expr->values.size; i++) {
    into(expr->values[i], dest);
    at(expr->values[i]->span);
    asm_.emit_jump(jump, W(dest), end);
  }
  into(expr->values.back(), dest);
  asm_.bind(end);
}

void Codegen::emit_compare(CompareOperator op, int dest, Operand left, Operand right) {
  Opcode opcode;
  switch (op) {
    case CompareOperator::Eq: opcode = Opcode::kEQ; break;
    case CompareOperator::NotEq: opcode = Opcode::kNE; break;
    case CompareOperator::Lt: opcode = Opcode::kLT; break;
    case CompareOperator::LtE: opcode = Opcode::kLE; break;
    case CompareOperator::Gt: opcode = Opcode::kGT; break;
    case CompareOperator::GtE: opcode = Opcode::kGE; break;
    case CompareOperator::Is: opcode = Opcode::kIS; break;
    case CompareOperator::IsNot: opcode = Opcode::kIS_NOT; break;
    case CompareOperator::In: opcode = Opcode::kIN; break;
    default: opcode = Opcode::kNOT_IN;
  }
  emit(opcode, W(dest), left, right);
}

void Codegen::emit_compare_jump(CompareOperator op, Operand left, Operand right, const Expr* right_expr, bool condition,
                                Label& target) {
  if (is_none(right_expr) && (op == CompareOperator::Is || op == CompareOperator::IsNot)) {
    bool on_none = (op == CompareOperator::Is) == condition;
    asm_.emit_jump(on_none ? Opcode::kJUMP_IF_NONE : Opcode::kJUMP_IF_NOT_NONE, left, target);
    return;
  }
  Opcode opcode;
  switch (op) {
    case CompareOperator::Eq: opcode = Opcode::kJUMP_IF_EQ; break;
    case CompareOperator::NotEq: opcode = Opcode::kJUMP_IF_NE; break;
    case CompareOperator::Lt: opcode = Opcode::kJUMP_IF_LT; break;
    case CompareOperator::LtE: opcode = Opcode::kJUMP_IF_LE; break;
    case CompareOperator::Gt: opcode = Opcode::kJUMP_IF_GT; break;
    case CompareOperator::GtE: opcode = Opcode::kJUMP_IF_GE; break;
    case CompareOperator::Is: opcode = Opcode::kJUMP_IF_IS; break;
    case CompareOperator::IsNot: opcode = Opcode::kJUMP_IF_IS, condition = !condition; break;
    case CompareOperator::In: opcode = Opcode::kJUMP_IF_IN; break;
    default: opcode = Opcode::kJUMP_IF_IN, condition = !condition;
  }
  asm_.emit_jump(opcode, left, right, condition, target);
}

// The right side of a comparison: displays that are only searched become constants.
Operand Codegen::comparator(CompareOperator op, const Expr* expr, int scratch) {
  if (op == CompareOperator::In || op == CompareOperator::NotIn) return iterable_operand(expr, scratch);
  return operand(expr, scratch);
}

void Codegen::compare(const Compare* expr, int dest) {
  check_compare(expr);
  Temps temps(*this);
  if (expr->ops.size == 1) {
    Operand left = stable_operand(expr->left, expr->comparators[0], scratch_for(dest));
    Operand right = comparator(expr->ops[0], expr->comparators[0], left == killed(dest) ? kNoRegister : scratch_for(dest));
    at(expr->span);
    emit_compare(expr->ops[0], dest, left, right);
    return;
  }
  // a < b < c: b is kept for the second comparison; where the first decides, it is dropped.
  int result = is_temp(dest) ? dest : alloc();
  Label cleanup, end;
  int kept[2] = {kNoRegister, kNoRegister};
  Operand left = stable_operand(expr->left, nullptr);
  for (uint32_t i = 0; i + 1 < expr->ops.size; i++) {
    Operand right = kept_comparator(expr->comparators[i], kept[i & 1]);
    at(expr->span);
    emit_compare(expr->ops[i], result, left, right & ~1);
    asm_.emit_jump(Opcode::kJUMP_IF_FALSE_OR_CLEAR, W(result), right & 1 ? cleanup : end);
    left = right;
  }
  Operand right = comparator(expr->ops.back(), expr->comparators.back());
  at(expr->span);
  emit_compare(expr->ops.back(), result, left, right);
  drop_kept(cleanup, kept, end);
  asm_.bind(end);
  if (result != dest) emit(Opcode::kMOVE, W(dest), killed(result));
}

// A middle comparator: used by two comparisons. Two registers take turns: the one before last is empty again.
Operand Codegen::kept_comparator(const Expr* expr, int& reg) {
  if (is_simple(expr) && !is_rebindable(expr)) return operand(expr);
  if (reg < 0) reg = alloc();
  return stable_operand(expr, nullptr, reg);
}

// Where a chain ends early with a comparator kept: drops it and goes on at `end`.
void Codegen::drop_kept(Label& cleanup, const int (&kept)[2], Label& end) {
  if (!cleanup.is_used()) return;
  Label over;
  asm_.jump(over);
  asm_.bind(cleanup);
  for (int reg : kept) {
    if (reg >= 0) emit(Opcode::kCLEAR, W(reg));
  }
  asm_.jump(end);
  asm_.bind(over);
}

void Codegen::jump_if_compare(const Compare* expr, bool condition, Label& target) {
  check_compare(expr);
  Temps temps(*this);
  if (expr->ops.size == 1) {
    Operand left = stable_operand(expr->left, expr->comparators[0]);
    Operand right = comparator(expr->ops[0], expr->comparators[0]);
    at(expr->span);
    emit_compare_jump(expr->ops[0], left, right, expr->comparators[0], condition, target);
    return;
  }
  Label cleanup, over;
  Label& failed = condition ? over : target;
  int kept[2] = {kNoRegister, kNoRegister};
  Operand left = stable_operand(expr->left, nullptr);
  for (uint32_t i = 0; i + 1 < expr->ops.size; i++) {
    Operand right = kept_comparator(expr->comparators[i], kept[i & 1]);
    at(expr->span);
    emit_compare_jump(expr->ops[i], left, right & ~1, expr->comparators[i], false, right & 1 ? cleanup : failed);
    left = right;
  }
  Operand right = comparator(expr->ops.back(), expr->comparators.back());
  at(expr->span);
  emit_compare_jump(expr->ops.back(), left, right, expr->comparators.back(), condition, target);
  drop_kept(cleanup, kept, failed);
  asm_.bind(over);
}

void Codegen::binary(const BinOp* expr, int dest) {
  UnitConstant constant;
  if (constant_of(expr, &constant)) {
    at(expr->span);
    load_constant(dest, add_constant(constant));
    return;
  }
  Temps temps(*this);
  Operand left = stable_operand(expr->left, expr->right, scratch_for(dest));
  Operand right = operand(expr->right, left == killed(dest) ? kNoRegister : scratch_for(dest));
  at(expr->span);
  emit(binary_opcode(expr->op, false), W(dest), left, right);
}

void Codegen::unary(const UnaryOp* expr, int dest) {
  UnitConstant constant;
  if (constant_of(expr, &constant)) {
    at(expr->span);
    load_constant(dest, add_constant(constant));
    return;
  }
  Temps temps(*this);
  Operand value = operand(expr->operand, scratch_for(dest));
  Opcode opcode = expr->op == UnaryOperator::USub   ? Opcode::kNEG
                  : expr->op == UnaryOperator::UAdd ? Opcode::kPOS
                  : expr->op == UnaryOperator::Not  ? Opcode::kNOT
                                                    : Opcode::kINVERT;
  at(expr->span);
  emit(opcode, W(dest), value);
}

void Codegen::conditional(const IfExp* expr, int dest) {
  Label orelse, end;
  jump_if(expr->test, false, orelse);
  into(expr->body, dest);
  asm_.jump(end);
  asm_.bind(orelse);
  into(expr->orelse, dest);
  asm_.bind(end);
}

// dest may be kNoRegister: only the assignment is wanted.
void Codegen::walrus(const NamedExpr* expr, int dest) {
  const Name* target = as<Name>(expr->target);
  is_forbidden(target->id, ExprContext::Store, target->span);
  if (int local = plain_local(expr->target); local >= 0) {
    into(expr->value, local);
    mark_bound(local);
    at(expr->span);
    if (dest >= 0 && dest != local) emit(Opcode::kMOVE, W(dest), live(local));
    return;
  }
  Temps temps(*this);
  Operand value = operand(expr->value, dest >= 0 ? scratch_for(dest) : kNoRegister);
  at(target->span);
  if (dest < 0) {
    store_name(target->id, value);
  } else if (value == killed(dest)) {
    store_name(target->id, live(dest));
  } else {
    store_name(target->id, value & ~1);
    at(expr->span);
    emit(Opcode::kMOVE, W(dest), value);
  }
}

// For a chain over several lines, the line of the attribute's name.
Span Codegen::attribute_span(const Attribute* expr) const {
  Span span = expr->span;
  if (span.line != span.end_line) {
    span.line = span.end_line;
    int32_t col = span.end_col - static_cast<int32_t>(expr->attr->length);
    span.col = col < 0 ? 0 : col;
  }
  return span;
}

void Codegen::attribute(const Attribute* expr, int dest) {
  Temps temps(*this);
  Operand object = operand(expr->value, scratch_for(dest));
  at(attribute_span(expr));
  emit(Opcode::kLOAD_ATTR, W(dest), object, name_index(mangled(expr->attr)));
}

void Codegen::subscript(const Subscript* expr, int dest) {
  check_subscripter(expr);
  check_index(expr);
  Temps temps(*this);
  Operand object = stable_operand(expr->value, expr->slice, scratch_for(dest));
  Operand index = operand(expr->slice, object == killed(dest) ? kNoRegister : scratch_for(dest));
  at(expr->span);
  emit(Opcode::kLOAD_ITEM, W(dest), object, index);
}

void Codegen::yield_value(const Yield* expr, int dest) {
  if (!is_function_scope()) {
    context_.syntax_error(expr->span, "'yield' outside function");
    return;
  }
  Temps temps(*this);
  Operand value = expr->value ? operand(expr->value, scratch_for(dest)) : constant_operand_of(none_constant());
  at(expr->span);
  if (unit_->flags & kCodeAsyncGenerator) {
    int reg = is_temp(dest) ? dest : alloc();
    emit(Opcode::kASYNC_GEN_WRAP, W(reg), value);
    value = killed(reg);
  }
  // A result that goes into the last temporary is not there yet while the generator waits.
  emit(Opcode::kYIELD, W(dest), value, live(is_temp(dest) && dest == next_temp_ - 1 ? dest : next_temp_));
}

void Codegen::send_loop(int reg) {
  Temps temps(*this);
  int value = alloc();
  Label head, done;
  load_constant(value, none_constant());
  asm_.bind(head);
  asm_.emit_jump(Opcode::kSEND, W(value), live(reg), killed(value), done);
  emit(Opcode::kYIELD, W(value), killed(value), killed(reg));
  asm_.jump(head);
  asm_.bind(done);
  emit(Opcode::kMOVE, W(reg), killed(value));
}

void Codegen::yield_from(const YieldFrom* expr, int dest) {
  if (!is_function_scope()) {
    context_.syntax_error(expr->span, "'yield' outside function");
    return;
  }
  if (kind_ == ScopeKind::kAsyncFunction) {
    context_.syntax_error(expr->span, "'yield from' inside async function");
    return;
  }
  Temps temps(*this);
  int reg = base_for(dest);
  Operand value = operand(expr->value, reg);
  at(expr->span);
  emit(Opcode::kGET_YIELD_FROM_ITER, W(reg), value);
  send_loop(reg);
  if (reg != dest) emit(Opcode::kMOVE, W(dest), killed(reg));
}

void Codegen::await(const Await* expr, int dest) {
  bool is_top_level = context_.options.top_level_await && kind_ == ScopeKind::kModule;
  if (!is_top_level) {
    if (!is_function_scope()) {
      context_.syntax_error(expr->span, "'await' outside function");
      return;
    }
    if (kind_ != ScopeKind::kAsyncFunction && kind_ != ScopeKind::kComprehension) {
      context_.syntax_error(expr->span, "'await' outside async function");
      return;
    }
  }
  Temps temps(*this);
  int reg = base_for(dest);
  Operand value = operand(expr->value, reg);
  at(expr->span);
  emit(Opcode::kGET_AWAITABLE, W(reg), value, 0);
  send_loop(reg);
  if (reg != dest) emit(Opcode::kMOVE, W(dest), killed(reg));
}

}  // namespace pt::compiler
