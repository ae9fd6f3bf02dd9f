// Displays (tuples, lists, sets, dicts), f-strings and slices.
#include "vm/compile/codegen.h"

namespace pt::compiler {
namespace {

// Elements and pairs that are collected in registers. Longer displays start with few and grow one by one, so that frames
// stay small.
constexpr uint32_t kMaxConsecutive = 32, kFirstElements = 4;
constexpr uint32_t kMaxPairs = 16, kFirstPairs = 2;

}  // namespace

void Codegen::build_sequence(Opcode build, const Seq<Expr*>& elts, int dest, const Span& span) {
  Temps temps(*this);
  bool has_star = false, all_constant = true;
  for (const Expr* element : elts) {
    has_star |= element->kind == ExprKind::Starred;
    all_constant = all_constant && is_constant(element);
  }
  if (all_constant && elts.size >= 3 && build != Opcode::kBUILD_TUPLE) {
    std::vector<UnitConstant> items(elts.size);
    for (uint32_t i = 0; i < elts.size; i++) constant_of(elts[i], &items[i]);
    bool is_list = build == Opcode::kBUILD_LIST;
    int container = is_temp(dest) ? dest : alloc();
    at(span);
    emit(build, W(container), W(container), 0);
    Operand all = constant_operand_of(tuple_constant(items, is_list ? UnitKind::kTuple : UnitKind::kFrozenSet));
    emit(is_list ? Opcode::kLIST_EXTEND : Opcode::kSET_UPDATE, live(container), all);
    if (container != dest) emit(Opcode::kMOVE, W(dest), killed(container));
    return;
  }
  if (!has_star && elts.size <= kMaxConsecutive) {
    if (is_temp(dest) && dest == next_temp_ - 1) next_temp_ = dest;
    int first = next_temp_;
    sequence_into(first, elts.size, [&](size_t i) { return elts[i]; });
    at(span);
    emit(build, W(dest), W(first), static_cast<int>(elts.size));
    return;
  }
  int container = is_temp(dest) ? dest : alloc();
  build_incrementally(build, elts, container, span);
  at(span);
  if (build == Opcode::kBUILD_TUPLE) {
    emit(Opcode::kLIST_TO_TUPLE, W(dest), killed(container));
  } else if (container != dest) {
    emit(Opcode::kMOVE, W(dest), killed(container));
  }
}

// Builds a list (for a tuple too) or a set in a temporary.
void Codegen::build_incrementally(Opcode build, const Seq<Expr*>& elts, int container, const Span& span) {
  bool is_set = build == Opcode::kBUILD_SET;
  uint32_t leading = 0;
  uint32_t most = elts.size > kMaxConsecutive ? kFirstElements : kMaxConsecutive;
  while (leading < elts.size && leading < most && elts[leading]->kind != ExprKind::Starred) leading++;
  {
    Temps temps(*this);
    if (container == next_temp_ - 1) next_temp_ = container;
    int first = next_temp_;
    sequence_into(first, leading, [&](size_t i) { return elts[i]; });
    at(span);
    emit(is_set ? Opcode::kBUILD_SET : Opcode::kBUILD_LIST, W(container), W(first), static_cast<int>(leading));
  }
  for (uint32_t i = leading; i < elts.size; i++) {
    Temps temps(*this);
    const Expr* element = elts[i];
    if (const Starred* starred = try_as<Starred>(element)) {
      Operand value = operand(starred->value);
      at(span);
      emit(is_set ? Opcode::kSET_UPDATE : Opcode::kLIST_EXTEND, live(container), value);
    } else {
      Operand value = operand(element);
      at(span);
      emit(is_set ? Opcode::kSET_ADD : Opcode::kLIST_APPEND, live(container), value);
    }
  }
}

void Codegen::dict_display(const Dict* expr, int dest) {
  Temps temps(*this);
  uint32_t leading = 0;
  uint32_t most = expr->keys.size > kMaxPairs ? kFirstPairs : kMaxPairs;
  while (leading < expr->keys.size && leading < most && expr->keys[leading]) leading++;
  bool is_whole = leading == expr->keys.size;
  int dict = is_whole || is_temp(dest) ? dest : alloc();
  {
    Temps inner(*this);
    if (is_temp(dict) && dict == next_temp_ - 1) next_temp_ = dict;
    int first = next_temp_;
    sequence_into(first, leading * 2, [&](size_t i) { return i & 1 ? expr->values[i / 2] : expr->keys[i / 2]; });
    at(expr->span);
    emit(Opcode::kBUILD_MAP, W(dict), W(first), static_cast<int>(leading));
  }
  for (uint32_t i = leading; i < expr->keys.size; i++) {
    Temps inner(*this);
    if (!expr->keys[i]) {
      Operand mapping = operand(expr->values[i]);
      at(expr->span);
      emit(Opcode::kDICT_UPDATE, live(dict), mapping);
    } else {
      Operand key = stable_operand(expr->keys[i], expr->values[i]);
      Operand value = operand(expr->values[i]);
      at(expr->span);
      emit(Opcode::kMAP_ADD, live(dict), key, value);
    }
  }
  if (dict != dest) emit(Opcode::kMOVE, W(dest), killed(dict));
}

void Codegen::joined_string(const JoinedStr* expr, int dest) {
  uint32_t count = expr->values.size;
  if (count <= 1) {
    at(expr->span);
    if (count == 0) {
      load_constant(dest, str_constant(""));
    } else {
      into(expr->values[0], dest);
    }
    return;
  }
  Temps temps(*this);
  if (is_temp(dest) && dest == next_temp_ - 1) next_temp_ = dest;
  int first = next_temp_;
  uint32_t done = 0;
  // A long one is joined piece by piece: what is there already is the first piece of the next round.
  while (true) {
    uint32_t already = done ? 1 : 0;
    uint32_t round = std::min(count - done, 256u);
    sequence_into(next_temp_, round, [&](size_t i) { return expr->values[done + i]; });
    done += round;
    bool is_last = done == count;
    at(expr->span);
    emit(Opcode::kBUILD_STRING, W(is_last ? dest : first), W(first), static_cast<int>(round + already));
    if (is_last) return;
    next_temp_ = first + 1;
  }
}

void Codegen::formatted_value(const FormattedValue* expr, int dest) {
  Temps temps(*this);
  Operand value = stable_operand(expr->value, expr->format_spec ? expr->format_spec : expr->value, scratch_for(dest));
  if (expr->conversion > 0) {
    int reg = value & 1 ? value >> 1 : is_temp(dest) ? dest : alloc();
    at(expr->span);
    emit(Opcode::kCONVERT_VALUE, W(reg), value, expr->conversion);
    value = killed(reg);
  }
  if (!expr->format_spec) {
    at(expr->span);
    emit(Opcode::kFORMAT_SIMPLE, W(dest), value);
    return;
  }
  const Expr* spec = expr->format_spec;
  if (const JoinedStr* joined = try_as<JoinedStr>(spec); joined && joined->values.size == 1) {
    if (joined->values[0]->kind == ExprKind::Constant) spec = joined->values[0];
  }
  Operand format = operand(spec, value == killed(dest) ? kNoRegister : scratch_for(dest));
  at(expr->span);
  emit(Opcode::kFORMAT_VALUE, W(dest), value, format);
}

void Codegen::slice_object(const Slice* expr, int dest) {
  Temps temps(*this);
  if (is_temp(dest) && dest == next_temp_ - 1) next_temp_ = dest;
  int first = next_temp_;
  const Expr* parts[3] = {expr->lower, expr->upper, expr->step};
  int count = expr->step ? 3 : 2;
  at(expr->span);
  sequence_into(first, static_cast<size_t>(count), [&](size_t i) { return parts[i] ? parts[i] : context_.none_expr; });
  at(expr->span);
  emit(Opcode::kBUILD_SLICE, W(dest), W(first), count);
}

// What is only iterated over or searched: a display of constants becomes a constant, a list a tuple.
Operand Codegen::iterable_operand(const Expr* expr, int scratch) {
  const Seq<Expr*>* elts = nullptr;
  if (const List* list = try_as<List>(expr)) elts = &list->elts;
  if (const Set* set = try_as<Set>(expr)) elts = &set->elts;
  if (!elts) return operand(expr, scratch);
  bool all_constant = true, has_star = false;
  for (const Expr* element : *elts) {
    all_constant = all_constant && is_constant(element);
    has_star |= element->kind == ExprKind::Starred;
  }
  bool is_list = expr->kind == ExprKind::List;
  if (all_constant) {
    std::vector<UnitConstant> items(elts->size);
    for (uint32_t i = 0; i < elts->size; i++) constant_of((*elts)[i], &items[i]);
    return constant_operand_of(tuple_constant(items, is_list ? UnitKind::kTuple : UnitKind::kFrozenSet), scratch);
  }
  if (has_star || !is_list) return operand(expr, scratch);
  int reg = scratch >= 0 ? scratch : alloc();
  build_sequence(Opcode::kBUILD_TUPLE, *elts, reg, expr->span);
  return killed(reg);
}

}  // namespace pt::compiler
