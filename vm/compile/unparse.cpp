#include "vm/compile/unparse.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

namespace pt::compiler {
namespace {

using namespace pt::syntax;
using LiteralKind = pt::syntax::ConstantKind;

enum Precedence {
  kTuple,
  kTest,
  kOr,
  kAnd,
  kNot,
  kCompare,
  kExpr,
  kBitXor,
  kBitAnd,
  kShift,
  kArithmetic,
  kTerm,
  kFactor,
  kPower,
  kAwait,
  kAtom,
};

class Unparser {
 public:
  void expr(const Expr* node, int level);
  std::string_view text() const { return {out_.data(), out_.size()}; }

 private:
  void write(std::string_view text) { out_.insert(out_.end(), text.begin(), text.end()); }
  void write(char c) { out_.push_back(c); }
  // Comma-separated.
  void list(const Seq<Expr*>& exprs, int level) {
    for (uint32_t i = 0; i < exprs.size; i++) {
      if (i) write(", ");
      expr(exprs[i], level);
    }
  }
  void binary(const BinOp* node, int level);
  void unary(const UnaryOp* node, int level);
  void lambda(const Lambda* node, int level);
  void arguments(const Arguments* args);
  void compare(const Compare* node, int level);
  void call(const Call* node);
  void dict(const Dict* node);
  void comprehensions(const Seq<Comprehension*>& generators);
  void constant(const Constant* node);
  void number(double value);
  void integer(const ConstantValue& value);
  void text_literal(std::string_view text, bool is_bytes);
  void joined(const JoinedStr* node);
  void format_body(const JoinedStr* node);
  void formatted(const FormattedValue* node);
  void tuple(const Tuple* node, int level);
  void slice(const Slice* node);

  std::vector<char> out_;
};

struct Parentheses {
  Parentheses(std::vector<char>& out, bool wanted) : out_(out), wanted_(wanted) {
    if (wanted_) out_.push_back('(');
  }
  ~Parentheses() noexcept(false) {
    if (wanted_ && !std::uncaught_exceptions()) out_.push_back(')');
  }
  std::vector<char>& out_;
  bool wanted_;
};

void Unparser::binary(const BinOp* node, int level) {
  static constexpr struct {
    const char* text;
    int precedence;
  } kOperators[] = {{" + ", kArithmetic}, {" - ", kArithmetic}, {" * ", kTerm},   {" @ ", kTerm},   {" / ", kTerm},
                    {" % ", kTerm},       {" ** ", kPower},     {" << ", kShift}, {" >> ", kShift}, {" | ", kExpr},
                    {" ^ ", kBitXor},     {" & ", kBitAnd},     {" // ", kTerm}};
  const auto& info = kOperators[static_cast<int>(node->op)];
  int right_associative = node->op == BinaryOperator::Pow;
  Parentheses parentheses(out_, level > info.precedence);
  expr(node->left, info.precedence + right_associative);
  write(info.text);
  expr(node->right, info.precedence + !right_associative);
}

void Unparser::unary(const UnaryOp* node, int level) {
  static constexpr const char* kOperators[] = {"~", "not ", "+", "-"};
  int precedence = node->op == UnaryOperator::Not ? kNot : kFactor;
  Parentheses parentheses(out_, level > precedence);
  write(kOperators[static_cast<int>(node->op)]);
  expr(node->operand, precedence);
}

void Unparser::arguments(const Arguments* args) {
  bool first = true;
  auto separate = [&] {
    if (!first) write(", ");
    first = false;
  };
  auto parameter = [&](const Arg* arg) {
    write(arg->arg->view());
    if (arg->annotation) {
      write(": ");
      expr(arg->annotation, kTest);
    }
  };
  uint32_t positional = args->posonlyargs.size + args->args.size;
  uint32_t required = positional - args->defaults.size;
  for (uint32_t i = 0; i < positional; i++) {
    separate();
    parameter(i < args->posonlyargs.size ? args->posonlyargs[i] : args->args[i - args->posonlyargs.size]);
    if (i >= required) {
      write('=');
      expr(args->defaults[i - required], kTest);
    }
    if (args->posonlyargs.size && i + 1 == args->posonlyargs.size) write(", /");
  }
  if (args->vararg || !args->kwonlyargs.empty()) {
    separate();
    write('*');
    if (args->vararg) parameter(args->vararg);
  }
  for (uint32_t i = 0; i < args->kwonlyargs.size; i++) {
    separate();
    parameter(args->kwonlyargs[i]);
    if (args->kw_defaults[i]) {
      write('=');
      expr(args->kw_defaults[i], kTest);
    }
  }
  if (args->kwarg) {
    separate();
    write("**");
    parameter(args->kwarg);
  }
}

void Unparser::lambda(const Lambda* node, int level) {
  Parentheses parentheses(out_, level > kTest);
  const Arguments* args = node->args;
  // The blank is left out before `*`, as CPython does.
  write(args->posonlyargs.empty() && args->args.empty() ? "lambda" : "lambda ");
  arguments(args);
  write(": ");
  expr(node->body, kTest);
}

void Unparser::compare(const Compare* node, int level) {
  static constexpr const char* kOperators[] = {" == ", " != ", " < ",      " <= ", " > ",
                                               " >= ", " is ", " is not ", " in ", " not in "};
  Parentheses parentheses(out_, level > kCompare);
  expr(node->left, kCompare + 1);
  for (uint32_t i = 0; i < node->ops.size; i++) {
    write(kOperators[static_cast<int>(node->ops[i])]);
    expr(node->comparators[i], kCompare + 1);
  }
}

void Unparser::call(const Call* node) {
  expr(node->func, kAtom);
  if (node->args.size == 1 && node->keywords.empty() && node->args[0]->kind == ExprKind::GeneratorExp) {
    expr(node->args[0], kTest);
    return;
  }
  write('(');
  list(node->args, kTest);
  for (uint32_t i = 0; i < node->keywords.size; i++) {
    if (i || !node->args.empty()) write(", ");
    const Keyword* keyword = node->keywords[i];
    if (keyword->arg) {
      write(keyword->arg->view());
      write('=');
    } else {
      write("**");
    }
    expr(keyword->value, kTest);
  }
  write(')');
}

void Unparser::dict(const Dict* node) {
  write('{');
  for (uint32_t i = 0; i < node->values.size; i++) {
    if (i) write(", ");
    if (node->keys[i]) {
      expr(node->keys[i], kTest);
      write(": ");
      expr(node->values[i], kTest);
    } else {
      write("**");
      expr(node->values[i], kExpr);
    }
  }
  write('}');
}

void Unparser::comprehensions(const Seq<Comprehension*>& generators) {
  for (const Comprehension* generator : generators) {
    write(generator->is_async ? " async for " : " for ");
    expr(generator->target, kTuple);
    write(" in ");
    expr(generator->iter, kTest + 1);
    for (const Expr* condition : generator->ifs) {
      write(" if ");
      expr(condition, kTest + 1);
    }
  }
}

// As repr(float).
void Unparser::number(double value) {
  if (std::isinf(value)) {
    write(value < 0 ? "-1e309" : "1e309");
    return;
  }
  char buffer[32];
  auto result = std::to_chars(buffer, buffer + sizeof buffer - 1, value, std::chars_format::scientific);
  *result.ptr = 0;
  std::string_view digits(buffer, static_cast<size_t>(result.ptr - buffer));
  size_t mark = digits.find('e');
  int exponent = atoi(buffer + mark + 1);
  if (exponent >= -4 && exponent < 16) {
    result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
    digits = {buffer, static_cast<size_t>(result.ptr - buffer)};
    write(digits);
    if (digits.find('.') == std::string_view::npos) write(".0");
    return;
  }
  write(digits);
}

void Unparser::integer(const ConstantValue& value) {
  if (value.is_small) {
    char buffer[24];
    auto result = std::to_chars(buffer, buffer + sizeof buffer, value.integer);
    write({buffer, static_cast<size_t>(result.ptr - buffer)});
    return;
  }
  if (value.base == 10) {
    write(value.text.view());
    return;
  }
  // Another base: long multiplication in billions.
  std::vector<uint32_t> limbs{0};
  for (char c : value.text.view()) {
    if (c == '-') continue;
    uint64_t carry = static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    for (uint32_t& limb : limbs) {
      uint64_t product = static_cast<uint64_t>(limb) * value.base + carry;
      limb = static_cast<uint32_t>(product % 1000000000);
      carry = product / 1000000000;
    }
    if (carry) limbs.push_back(static_cast<uint32_t>(carry));
  }
  for (size_t i = limbs.size(); i-- > 0;) {
    char buffer[16];
    int size = snprintf(buffer, sizeof buffer, i + 1 == limbs.size() ? "%u" : "%09u", limbs[i]);
    write({buffer, static_cast<size_t>(size)});
  }
}

bool is_unprintable(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD || (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
         (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF || (c >= 0xD800 && c <= 0xF8FF) ||
         (c >= 0xE0000 && c <= 0xE0FFF) || c >= 0xF0000;
}

// As repr() of the str or bytes.
void Unparser::text_literal(std::string_view text, bool is_bytes) {
  if (is_bytes) write('b');
  bool has_single = text.find('\'') != std::string_view::npos;
  char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  write(quote);
  for (size_t i = 0; i < text.size();) {
    uint8_t lead = static_cast<uint8_t>(text[i]);
    uint32_t c = lead;
    size_t length = 1;
    if (!is_bytes && lead >= 0xC0) {
      length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
      c = lead & (0xFFu >> (length + 1));
      for (size_t j = 1; j < length && i + j < text.size(); j++) c = c << 6 | (static_cast<uint8_t>(text[i + j]) & 0x3F);
    }
    char buffer[12];
    if (c == static_cast<uint8_t>(quote) || c == '\\') {
      write('\\');
      write(static_cast<char>(c));
    } else if (c == '\n') {
      write("\\n");
    } else if (c == '\r') {
      write("\\r");
    } else if (c == '\t') {
      write("\\t");
    } else if (is_bytes ? c < 0x20 || c >= 0x7F : is_unprintable(c)) {
      int size = snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
      write({buffer, static_cast<size_t>(size)});
    } else {
      write(text.substr(i, length));
    }
    i += length;
  }
  write(quote);
}

void Unparser::constant(const Constant* node) {
  const ConstantValue& value = node->value;
  switch (value.kind) {
    case LiteralKind::None: write("None"); return;
    case LiteralKind::True: write("True"); return;
    case LiteralKind::False: write("False"); return;
    case LiteralKind::Ellipsis: write("..."); return;
    case LiteralKind::Int: integer(value); return;
    case LiteralKind::Float: number(value.number); return;
    case LiteralKind::Imaginary: {
      size_t start = out_.size();
      number(value.number);
      if (out_.size() - start > 2 && out_[out_.size() - 2] == '.' && out_.back() == '0') out_.resize(out_.size() - 2);
      write('j');
      return;
    }
    case LiteralKind::Str:
      if (node->prefix) write(node->prefix->view());
      text_literal(value.text.view(), false);
      return;
    case LiteralKind::Bytes: text_literal(value.text.view(), true); return;
    case LiteralKind::FrozenSet: write("frozenset(...)"); return;
  }
}

void Unparser::format_body(const JoinedStr* node) {
  for (const Expr* value : node->values) {
    if (const Constant* text = try_as<Constant>(value)) {
      for (char c : text->value.text.view()) {
        if (c == '{' || c == '}') write(c);
        write(c);
      }
    } else if (const FormattedValue* inner = try_as<FormattedValue>(value)) {
      formatted(inner);
    } else if (const JoinedStr* joined_value = try_as<JoinedStr>(value)) {
      format_body(joined_value);
    }
  }
}

void Unparser::formatted(const FormattedValue* node) {
  Unparser inner;
  inner.expr(node->value, kTest + 1);
  write('{');
  if (!inner.out_.empty() && inner.out_[0] == '{') write(' ');
  write(inner.text());
  if (node->conversion > 0) {
    write('!');
    write(static_cast<char>(node->conversion));
  }
  if (node->format_spec) {
    write(':');
    if (const JoinedStr* spec = try_as<JoinedStr>(node->format_spec)) {
      format_body(spec);
    } else if (const Constant* text = try_as<Constant>(node->format_spec)) {
      write(text->value.text.view());
    }
  }
  write('}');
}

void Unparser::joined(const JoinedStr* node) {
  Unparser inner;
  inner.format_body(node);
  write('f');
  text_literal(inner.text(), false);
}

void Unparser::tuple(const Tuple* node, int level) {
  if (node->elts.empty()) {
    write("()");
    return;
  }
  Parentheses parentheses(out_, level > kTuple);
  list(node->elts, kTest);
  if (node->elts.size == 1) write(',');
}

void Unparser::slice(const Slice* node) {
  if (node->lower) expr(node->lower, kTest);
  write(':');
  if (node->upper) expr(node->upper, kTest);
  if (node->step) {
    write(':');
    expr(node->step, kTest);
  }
}

void Unparser::expr(const Expr* node, int level) {
  switch (node->kind) {
    case ExprKind::BoolOp: {
      const BoolOp* op = as<BoolOp>(node);
      int precedence = op->op == BoolOperator::And ? kAnd : kOr;
      Parentheses parentheses(out_, level > precedence);
      for (uint32_t i = 0; i < op->values.size; i++) {
        if (i) write(op->op == BoolOperator::And ? " and " : " or ");
        expr(op->values[i], precedence + 1);
      }
      return;
    }
    case ExprKind::NamedExpr: {
      Parentheses parentheses(out_, level > kTuple);
      expr(as<NamedExpr>(node)->target, kAtom);
      write(" := ");
      expr(as<NamedExpr>(node)->value, kAtom);
      return;
    }
    case ExprKind::BinOp: binary(as<BinOp>(node), level); return;
    case ExprKind::UnaryOp: unary(as<UnaryOp>(node), level); return;
    case ExprKind::Lambda: lambda(as<Lambda>(node), level); return;
    case ExprKind::IfExp: {
      const IfExp* conditional = as<IfExp>(node);
      Parentheses parentheses(out_, level > kTest);
      expr(conditional->body, kTest + 1);
      write(" if ");
      expr(conditional->test, kTest + 1);
      write(" else ");
      expr(conditional->orelse, kTest);
      return;
    }
    case ExprKind::Dict: dict(as<Dict>(node)); return;
    case ExprKind::Set:
      write('{');
      list(as<Set>(node)->elts, kTest);
      write('}');
      return;
    case ExprKind::ListComp:
      write('[');
      expr(as<ListComp>(node)->elt, kTest);
      comprehensions(as<ListComp>(node)->generators);
      write(']');
      return;
    case ExprKind::SetComp:
      write('{');
      expr(as<SetComp>(node)->elt, kTest);
      comprehensions(as<SetComp>(node)->generators);
      write('}');
      return;
    case ExprKind::DictComp:
      write('{');
      expr(as<DictComp>(node)->key, kTest);
      write(": ");
      expr(as<DictComp>(node)->value, kTest);
      comprehensions(as<DictComp>(node)->generators);
      write('}');
      return;
    case ExprKind::GeneratorExp:
      write('(');
      expr(as<GeneratorExp>(node)->elt, kTest);
      comprehensions(as<GeneratorExp>(node)->generators);
      write(')');
      return;
    case ExprKind::Await: {
      Parentheses parentheses(out_, level > kAwait);
      write("await ");
      expr(as<Await>(node)->value, kAtom);
      return;
    }
    case ExprKind::Yield:
      if (!as<Yield>(node)->value) {
        write("(yield)");
        return;
      }
      write("(yield ");
      expr(as<Yield>(node)->value, kTest);
      write(')');
      return;
    case ExprKind::YieldFrom:
      write("(yield from ");
      expr(as<YieldFrom>(node)->value, kTest);
      write(')');
      return;
    case ExprKind::Compare: compare(as<Compare>(node), level); return;
    case ExprKind::Call: call(as<Call>(node)); return;
    case ExprKind::FormattedValue: formatted(as<FormattedValue>(node)); return;
    case ExprKind::JoinedStr: joined(as<JoinedStr>(node)); return;
    case ExprKind::Constant: constant(as<Constant>(node)); return;
    case ExprKind::Attribute: {
      const Attribute* attribute = as<Attribute>(node);
      expr(attribute->value, kAtom);
      const Constant* number = try_as<Constant>(attribute->value);
      write(number && number->value.kind == LiteralKind::Int ? " ." : ".");
      write(attribute->attr->view());
      return;
    }
    case ExprKind::Subscript:
      expr(as<Subscript>(node)->value, kAtom);
      write('[');
      expr(as<Subscript>(node)->slice, kTuple);
      write(']');
      return;
    case ExprKind::Starred:
      write('*');
      expr(as<Starred>(node)->value, kExpr);
      return;
    case ExprKind::Name: write(as<Name>(node)->id->view()); return;
    case ExprKind::List:
      write('[');
      list(as<List>(node)->elts, kTest);
      write(']');
      return;
    case ExprKind::Tuple: tuple(as<Tuple>(node), level); return;
    case ExprKind::Slice: slice(as<Slice>(node)); return;
  }
}

}  // namespace

std::string_view unparse(Arena& arena, const Expr* node) {
  Unparser unparser;
  unparser.expr(node, kTest);
  return arena.copy(unparser.text());
}

}  // namespace pt::compiler
