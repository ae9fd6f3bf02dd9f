// Names, and assignment to every kind of target.
#include "vm/compile/codegen.h"

namespace pt::compiler {

int Codegen::plain_local(const Expr* expr) {
  const Name* name = try_as<Name>(expr);
  if (!name || !is_function_scope()) return kNoRegister;
  const NameEntry& entry = variable(name->id);
  return entry.access == Access::kLocal ? entry.reg : kNoRegister;
}

bool Codegen::is_rebindable(const Expr* expr) {
  const Name* name = try_as<Name>(expr);
  return name && variable(name->id).is_walrus;
}

void Codegen::use_local(int reg, const Span& span) {
  if (asm_.bound.has(reg)) return;
  at(span);
  emit(Opcode::kCHECK_BOUND, live(reg));
  mark_bound(reg);
}

void Codegen::load_name(const Identifier* id, int dest, const Span& span) {
  NameEntry& entry = variable(id);
  int reg = entry.reg;
  switch (entry.access) {
    case Access::kLocal:
      use_local(reg, span);
      at(span);
      if (dest != reg) emit(Opcode::kMOVE, W(dest), live(reg));
      return;
    case Access::kCell:
      at(span);
      emit(Opcode::kLOAD_CELL, W(dest), live(reg));
      return;
    case Access::kClassCell:
      at(span);
      emit(Opcode::kLOAD_CLASS_CELL, W(dest), live(reg), name_index(entry.id));
      return;
    case Access::kGlobal:
      at(span);
      emit(Opcode::kLOAD_GLOBAL, W(dest), name_index(entry.id));
      return;
    default: at(span); emit(Opcode::kLOAD_NAME, W(dest), name_index(entry.id));
  }
}

void Codegen::store_name(const Identifier* id, Operand value) {
  NameEntry& entry = variable(id);
  int reg = entry.reg;
  switch (entry.access) {
    case Access::kLocal:
      if (value != live(reg)) emit(Opcode::kMOVE, W(reg), value);
      mark_bound(reg);
      return;
    case Access::kCell:
    case Access::kClassCell: emit(Opcode::kSTORE_CELL, live(reg), value); return;
    case Access::kGlobal: emit(Opcode::kSTORE_GLOBAL, name_index(entry.id), value); return;
    default: emit(Opcode::kSTORE_NAME, name_index(entry.id), value);
  }
}

void Codegen::delete_name(const Identifier* id, const Span& span) {
  at(span);
  NameEntry& entry = variable(id);
  int reg = entry.reg;
  switch (entry.access) {
    case Access::kLocal:
      emit(Opcode::kDELETE_LOCAL, W(reg));
      if (asm_.is_reachable()) asm_.bound.remove(reg);
      return;
    case Access::kCell:
    case Access::kClassCell: emit(Opcode::kDELETE_CELL, live(reg)); return;
    case Access::kGlobal: emit(Opcode::kDELETE_GLOBAL, name_index(entry.id)); return;
    default: emit(Opcode::kDELETE_NAME, name_index(entry.id));
  }
}

void Codegen::unbind_name(const Identifier* id) {
  NameEntry& entry = variable(id);
  if (entry.access == Access::kLocal) {
    emit(Opcode::kCLEAR, W(entry.reg));
    if (asm_.is_reachable()) asm_.bound.remove(entry.reg);
    return;
  }
  Temps temps(*this);
  store_name(id, constant_operand_of(none_constant()));
  delete_name(id, asm_.position());
}

bool Codegen::is_forbidden(const Identifier* id, ExprContext context, const Span& span) {
  if (id != context_.ids.debug) return false;
  if (context == ExprContext::Store) context_.syntax_error(span, "cannot assign to __debug__");
  if (context == ExprContext::Del) context_.syntax_error(span, "cannot delete __debug__");
  return context != ExprContext::Load;
}

void Codegen::store(const Expr* target, Operand value) {
  if (context_.is_too_deep()) return;
  switch (target->kind) {
    case ExprKind::Name:
      is_forbidden(as<Name>(target)->id, ExprContext::Store, target->span);
      at(target->span);
      store_name(as<Name>(target)->id, value);
      return;
    case ExprKind::Attribute: {
      const Attribute* node = as<Attribute>(target);
      is_forbidden(node->attr, ExprContext::Store, target->span);
      Temps temps(*this);
      Operand object = operand(node->value);
      at(attribute_span(node));
      const Identifier* id = mangled(node->attr);
      const Name* name = try_as<Name>(node->value);
      if (name && self_ == name->id && !names_[id].is_self_attribute) {
        names_[id].is_self_attribute = true;
        unit_->self_attribute_count++;
      }
      emit(Opcode::kSTORE_ATTR, object, value, name_index(id));
      return;
    }
    case ExprKind::Subscript: {
      const Subscript* node = as<Subscript>(target);
      Temps temps(*this);
      Operand object = stable_operand(node->value, node->slice);
      Operand index = operand(node->slice);
      at(target->span);
      emit(Opcode::kSTORE_ITEM, object, index, value);
      return;
    }
    case ExprKind::List: store_unpacked(target, as<List>(target)->elts, value); return;
    case ExprKind::Tuple: store_unpacked(target, as<Tuple>(target)->elts, value); return;
    case ExprKind::Starred: context_.syntax_error(target->span, "starred assignment target must be in a list or tuple"); return;
    default: context_.syntax_error(target->span, "cannot assign to expression");
  }
}

void Codegen::store_unpacked(const Expr* target, const Seq<Expr*>& elts, Operand value) {
  uint32_t star = UINT32_MAX;
  for (uint32_t i = 0; i < elts.size; i++) {
    if (elts[i]->kind != ExprKind::Starred) continue;
    if (star != UINT32_MAX) {
      context_.syntax_error(target->span, "multiple starred expressions in assignment");
      return;
    }
    star = i;
  }
  Temps temps(*this);
  int first = next_temp_;
  if (elts.size >= kMaxRegister / 2) {
    context_.syntax_error(target->span, "too many expressions in assignment");
    return;
  }
  for (uint32_t i = 0; i < elts.size; i++) alloc();
  at(target->span);
  if (star == UINT32_MAX) {
    emit(Opcode::kUNPACK_SEQUENCE, W(first), value, static_cast<int>(elts.size));
  } else {
    uint32_t after = elts.size - star - 1;
    if (star > 255 || after > 127) {
      context_.syntax_error(target->span, "too many expressions in star-unpacking assignment");
      return;
    }
    emit(Opcode::kUNPACK_EX, W(first), value, static_cast<int>(star | after << 8));
  }
  for (uint32_t i = 0; i < elts.size; i++) {
    const Expr* element = elts[i];
    if (i == star) element = as<Starred>(element)->value;
    store(element, killed(first + static_cast<int>(i)));
  }
}

void Codegen::assign_single(const Expr* target, const Expr* value) {
  if (int reg = plain_local(target); reg >= 0) {
    is_forbidden(as<Name>(target)->id, ExprContext::Store, target->span);
    into(value, reg);
    mark_bound(reg);
    return;
  }
  const Seq<Expr*>* targets = nullptr;
  if (target->kind == ExprKind::Tuple) targets = &as<Tuple>(target)->elts;
  if (target->kind == ExprKind::List) targets = &as<List>(target)->elts;
  if (targets && value->kind == ExprKind::Tuple && assign_pairwise(*targets, as<Tuple>(value)->elts)) return;
  if (targets && value->kind == ExprKind::List && assign_pairwise(*targets, as<List>(value)->elts)) return;
  Temps temps(*this);
  store(target, stable_operand(value, target));
}

// `a, b = b, a + b` without a tuple: all values, then all stores.
bool Codegen::assign_pairwise(const Seq<Expr*>& targets, const Seq<Expr*>& values) {
  constexpr uint32_t kMax = 16;
  if (targets.size != values.size || targets.size > kMax) return false;
  bool are_names = true;
  for (uint32_t i = 0; i < targets.size; i++) {
    if (targets[i]->kind == ExprKind::Starred || values[i]->kind == ExprKind::Starred) return false;
    are_names &= targets[i]->kind == ExprKind::Name;
  }
  Temps temps(*this);
  Operand operands[kMax];
  for (uint32_t i = 0; i < targets.size; i++) {
    const Expr* value = values[i];
    if (is_constant(value)) {
      operands[i] = operand(value);
      continue;
    }
    int local = plain_local(value);
    bool may_stay = local >= 0 && are_names && !is_rebindable(value);
    for (uint32_t earlier = 0; may_stay && earlier < i; earlier++) {
      if (as<Name>(targets[earlier])->id == as<Name>(value)->id) may_stay = false;
    }
    operands[i] = may_stay ? operand(value) : copy_operand(value);
  }
  for (uint32_t i = 0; i < targets.size; i++) store(targets[i], operands[i]);
  return true;
}

void Codegen::delete_target(const Expr* target) {
  switch (target->kind) {
    case ExprKind::Name:
      is_forbidden(as<Name>(target)->id, ExprContext::Del, target->span);
      delete_name(as<Name>(target)->id, target->span);
      return;
    case ExprKind::Attribute: {
      const Attribute* node = as<Attribute>(target);
      is_forbidden(node->attr, ExprContext::Del, target->span);
      Temps temps(*this);
      Operand object = operand(node->value);
      at(attribute_span(node));
      emit(Opcode::kDELETE_ATTR, object, 0, name_index(mangled(node->attr)));
      return;
    }
    case ExprKind::Subscript: {
      const Subscript* node = as<Subscript>(target);
      Temps temps(*this);
      Operand object = stable_operand(node->value, node->slice);
      Operand index = operand(node->slice);
      at(target->span);
      emit(Opcode::kDELETE_ITEM, object, index);
      return;
    }
    case ExprKind::Tuple:
      for (const Expr* element : as<Tuple>(target)->elts) delete_target(element);
      return;
    case ExprKind::List:
      for (const Expr* element : as<List>(target)->elts) delete_target(element);
      return;
    default: context_.syntax_error(target->span, "cannot delete expression");
  }
}

}  // namespace pt::compiler
