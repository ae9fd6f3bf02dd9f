// Calls: arguments go straight into the registers where the callee's window starts.
#include "vm/compile/codegen.h"

namespace pt::compiler {
namespace {

constexpr size_t kMaxArguments = 30;  // more are passed as a tuple, so that frames stay small

bool has_unpacking(const Seq<Expr*>& args, const Seq<Keyword*>& keywords) {
  for (const Expr* arg : args) {
    if (arg->kind == ExprKind::Starred) return true;
  }
  for (const Keyword* keyword : keywords) {
    if (!keyword->arg) return true;
  }
  return false;
}

}  // namespace

bool Codegen::check_keywords(const Seq<Keyword*>& keywords, const Span& span) {
  for (uint32_t i = 0; i < keywords.size; i++) {
    const Keyword* keyword = keywords[i];
    if (!keyword->arg) continue;
    if (is_forbidden(keyword->arg, ExprContext::Store, span)) return false;
    for (uint32_t j = i + 1; j < keywords.size; j++) {
      if (keywords[j]->arg == keyword->arg) {
        context_.syntax_error(keywords[j]->span, "keyword argument repeated: %s", keyword->arg->utf8);
        return false;
      }
    }
  }
  return true;
}

int Codegen::keyword_names(const Seq<Keyword*>& keywords) {
  std::vector<UnitConstant> names;
  for (const Keyword* keyword : keywords) names.push_back(str_unit(keyword->arg->view()));
  return tuple_constant(names);
}

void Codegen::call(const Call* expr, int dest) {
  if (!check_keywords(expr->keywords, expr->span)) return;
  Temps temps(*this);
  int base = base_for(dest);
  size_t count = expr->args.size + expr->keywords.size;
  const Attribute* method = try_as<Attribute>(expr->func);
  if (!method || count > kMaxArguments || has_unpacking(expr->args, expr->keywords)) {
    check_caller(expr);
    bool later_simple = count <= kMaxArguments && !has_unpacking(expr->args, expr->keywords);
    int local = plain_local(expr->func);
    if (local >= 0 && later_simple && !is_rebindable(expr->func)) {
      // The arguments first: a local function needs no count while they are evaluated.
      use_local(local, expr->func->span);
      call_with(base, 0, expr->args, expr->keywords, dest, expr->span, local);
      return;
    }
    into(expr->func, base);
    call_with(base, 0, expr->args, expr->keywords, dest, expr->span);
    return;
  }
  int receiver = alloc();
  const Expr* complex_argument = nullptr;
  for (const Expr* arg : expr->args) {
    if (!is_simple(arg)) complex_argument = arg;
  }
  for (const Keyword* keyword : expr->keywords) {
    if (!is_simple(keyword->value)) complex_argument = keyword->value;
  }
  Operand object = stable_operand(method->value, complex_argument ? complex_argument : context_.none_expr, receiver);
  Span span = attribute_span(method);
  at(span);
  emit(Opcode::kLOAD_METHOD, W(base), object, name_index(mangled(method->attr)));
  sequence_into(next_temp_, count, [&](size_t i) -> const Expr* {
    return i < expr->args.size ? expr->args[i] : expr->keywords[i - expr->args.size]->value;
  });
  // The call's position starts where the method's name does, if that is on a later line.
  Span call_span = expr->span;
  if (method->span.line != method->span.end_line) {
    call_span.line = span.line;
    call_span.col = span.col;
  }
  at(call_span);
  if (expr->keywords.empty()) {
    emit(Opcode::kCALL_METHOD, W(base), static_cast<int>(count), W(dest));
  } else {
    emit(Opcode::kCALL_METHOD_KW, W(base), static_cast<int>(count), W(dest),
         static_cast<uint64_t>(keyword_names(expr->keywords)));
  }
}

void Codegen::call_with(int base, size_t leading, const Seq<Expr*>& args, const Seq<Keyword*>& keywords, int dest,
                        const Span& span, int late_function) {
  size_t count = args.size + keywords.size;
  if (count > kMaxArguments || has_unpacking(args, keywords)) {
    call_ex(base, leading, args, keywords, dest, span);
    return;
  }
  sequence_into(next_temp_, count,
                [&](size_t i) -> const Expr* { return i < args.size ? args[i] : keywords[i - args.size]->value; });
  at(span);
  if (late_function >= 0) emit(Opcode::kMOVE_BORROW, W(base), live(late_function));
  int total = static_cast<int>(leading + count);
  if (keywords.empty()) {
    emit(Opcode::kCALL, W(base), total, W(dest));
  } else {
    emit(Opcode::kCALL_KW, W(base), total, W(dest), static_cast<uint64_t>(keyword_names(keywords)));
  }
}

void Codegen::call_ex(int base, size_t leading, const Seq<Expr*>& args, const Seq<Keyword*>& keywords, int dest,
                      const Span& span) {
  int positional = base + 1;
  bool has_star = false;
  for (const Expr* arg : args) has_star |= arg->kind == ExprKind::Starred;
  if (leading == 0 && args.size == 1 && has_star) {
    into(as<Starred>(args[0])->value, alloc());
  } else if (!has_star && leading + args.size <= kMaxArguments) {
    sequence_into(next_temp_, args.size, [&](size_t i) { return args[i]; });
    at(span);
    int total = static_cast<int>(leading + args.size);
    if (total == 0) {
      alloc();
      load_constant(positional, tuple_constant({}));
    } else {
      emit(Opcode::kBUILD_TUPLE, W(positional), W(positional), total);
    }
    next_temp_ = positional + 1;
  } else {
    if (leading > 0) {
      at(span);
      emit(Opcode::kBUILD_LIST, W(positional), W(positional), static_cast<int>(leading));
      next_temp_ = positional + 1;
      for (const Expr* arg : args) {
        Temps temps(*this);
        const Starred* starred = try_as<Starred>(arg);
        Operand value = operand(starred ? starred->value : arg);
        at(span);
        emit(starred ? Opcode::kLIST_EXTEND : Opcode::kLIST_APPEND, live(positional), value);
      }
    } else {
      alloc();
      build_incrementally(Opcode::kBUILD_LIST, args, positional, span);
    }
    at(span);
    emit(Opcode::kLIST_TO_TUPLE, W(positional), killed(positional));
  }
  int named = alloc();
  if (keywords.size == 1 && !keywords[0]->arg) {
    into(keywords[0]->value, named);
  } else if (keywords.size > kMaxArguments / 2 && !has_unpacking({}, keywords)) {
    at(span);
    emit(Opcode::kBUILD_MAP, W(named), W(named), 0);
    for (const Keyword* keyword : keywords) {
      Temps temps(*this);
      Operand value = operand(keyword->value);
      at(span);
      emit(Opcode::kMAP_ADD, live(named), constant_operand_of(str_constant(keyword->arg->view())), value);
    }
  } else if (!keywords.empty()) {
    constexpr uint32_t kMaxPairs = 64;
    bool is_made = false;
    for (uint32_t i = 0; i < keywords.size;) {
      Temps temps(*this);
      if (!keywords[i]->arg) {
        if (!is_made) {
          at(span);
          emit(Opcode::kBUILD_MAP, W(named), W(named), 0);
        }
        Operand mapping = operand(keywords[i]->value);
        at(span);
        emit(Opcode::kDICT_MERGE, live(named), mapping, live(base));
        i++;
      } else {
        uint32_t end = i;
        while (end < keywords.size && keywords[end]->arg && end - i < kMaxPairs) end++;
        int dict = is_made ? alloc() : named;
        next_temp_ = dict;  // the pairs are collected from there on
        for (; i < end; i++) {
          int key = alloc();
          load_constant(key, str_constant(keywords[i]->arg->view()));
          into(keywords[i]->value, alloc());
        }
        int pairs = (next_temp_ - dict) / 2;
        at(span);
        emit(Opcode::kBUILD_MAP, W(dict), W(dict), pairs);
        if (is_made) emit(Opcode::kDICT_MERGE, live(named), killed(dict), live(base));
      }
      is_made = true;
    }
  }
  at(span);
  emit(Opcode::kCALL_EX, W(base), keywords.empty() ? 0 : 1, W(dest));
}

}  // namespace pt::compiler
