#include "vm/compile/fold.h"

#include <cmath>

#include "vm/compile/codegen.h"

namespace pt::compiler {
namespace {

using Wide = __int128;

constexpr Wide kLimit = Wide{1} << 126;      // results beyond are left to run time
constexpr uint32_t kMaxRepeatedText = 4096;  // bytes

bool is_number(LiteralKind kind) {
  return kind == LiteralKind::Int || kind == LiteralKind::Float || kind == LiteralKind::True || kind == LiteralKind::False;
}

bool is_bool(LiteralKind kind) { return kind == LiteralKind::True || kind == LiteralKind::False; }

// The value of an int (or bool) literal; false where it is too large.
bool wide_value(const ConstantValue& value, Wide* out) {
  switch (value.kind) {
    case LiteralKind::True: *out = 1; return true;
    case LiteralKind::False: *out = 0; return true;
    case LiteralKind::Int: break;
    default: return false;
  }
  if (value.is_small) {
    *out = value.integer;
    return true;
  }
  std::string_view digits = value.text.view();
  bool is_negative = !digits.empty() && digits[0] == '-';
  if (is_negative) digits.remove_prefix(1);
  Wide result = 0;
  for (char c : digits) {
    int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (result > kLimit / 36) return false;
    result = result * value.base + digit;
  }
  *out = is_negative ? -result : result;
  return true;
}

bool double_value(const ConstantValue& value, double* out) {
  if (value.kind == LiteralKind::Float) {
    *out = value.number;
    return true;
  }
  Wide wide;
  if (!wide_value(value, &wide)) return false;
  *out = static_cast<double>(wide);
  return true;
}

int bit_length(Wide value) {
  if (value < 0) value = -value;
  int bits = 0;
  for (; value; value >>= 1) bits++;
  return bits;
}

class Folder {
 public:
  explicit Folder(Context& context) : context_(context), arena_(context.arena) {}

  void visit(Mod* mod);

 private:
  void visit(Stmt*& stmt);
  void visit(Expr*& expr);
  void visit(Pattern*& pattern);
  void visit(ExceptHandler*& handler);
#define PRODUCT(name, python_name, fields) void visit(name*& node);
#define PRODUCT_AT(name, python_name, fields) void visit(name*& node);
#include "vm/syntax/ast.def"
  void visit(const Identifier*&) {}
  void visit(String*&) {}
  void visit(TypeIgnore*&) {}
  void visit(ConstantValue&) {}
  void visit(Int&) {}
  template <class T>
    requires std::is_enum_v<T>
  void visit(T&) {}
  template <class T>
  void visit(Seq<T>& items) {
    for (T& item : items) visit(item);
  }
  void visit_body(Seq<Stmt*>& body);
  void visit_annotation(Expr*& annotation) {
    if (annotation && !context_.future_annotations) visit(annotation);
  }

  Constant* make(const Expr* at, LiteralKind kind) {
    Constant* node = make_node<Constant>(arena_, at->span);
    node->value.kind = kind;
    return node;
  }
  Expr* make_int(const Expr* at, Wide value);
  Expr* make_float(const Expr* at, double value) {
    Constant* node = make(at, LiteralKind::Float);
    node->value.number = value;
    return node;
  }
  Expr* make_text(const Expr* at, LiteralKind kind, std::string_view first, std::string_view second, uint32_t times);
  Expr* fold(Expr* expr);
  Expr* fold_unary(UnaryOp* expr);
  Expr* fold_binary(BinOp* expr);
  Expr* fold_ints(const BinOp* expr, Wide left, Wide right);
  Expr* fold_subscript(Subscript* expr);
  Expr* fold_format(BinOp* expr);

  Context& context_;
  Arena& arena_;
};

Expr* Folder::make_int(const Expr* at, Wide value) {
  Constant* node = make(at, LiteralKind::Int);
  if (value >= INT64_MIN && value <= INT64_MAX) {
    node->value.is_small = true;
    node->value.integer = static_cast<int64_t>(value);
    return node;
  }
  char buffer[40];
  char* end = buffer + sizeof buffer;
  char* start = end;
  bool is_negative = value < 0;
  for (unsigned __int128 rest = static_cast<unsigned __int128>(is_negative ? -value : value); rest; rest >>= 4) {
    *--start = "0123456789abcdef"[static_cast<int>(rest & 15)];
  }
  if (is_negative) *--start = '-';
  std::string_view text = arena_.copy(std::string_view(start, static_cast<size_t>(end - start)));
  node->value.base = 16;
  node->value.text = {text.data(), static_cast<uint32_t>(text.size())};
  return node;
}

Expr* Folder::make_text(const Expr* at, LiteralKind kind, std::string_view first, std::string_view second, uint32_t times) {
  size_t size = (first.size() + second.size()) * times;
  char* text = static_cast<char*>(arena_.allocate(size + 1));
  char* out = text;
  for (uint32_t i = 0; i < times; i++) {
    memcpy(out, first.data(), first.size());
    out += first.size();
    memcpy(out, second.data(), second.size());
    out += second.size();
  }
  text[size] = 0;
  Constant* node = make(at, kind);
  node->value.text = {text, static_cast<uint32_t>(size)};
  return node;
}

Expr* Folder::fold_unary(UnaryOp* expr) {
  if (expr->op == UnaryOperator::Not) {
    if (Compare* compare = try_as<Compare>(expr->operand); compare && compare->ops.size == 1) {
      CompareOperator& op = compare->ops[0];
      switch (op) {
        case CompareOperator::Is: op = CompareOperator::IsNot; break;
        case CompareOperator::IsNot: op = CompareOperator::Is; break;
        case CompareOperator::In: op = CompareOperator::NotIn; break;
        case CompareOperator::NotIn: op = CompareOperator::In; break;
        default: return expr;
      }
      compare->span = expr->span;
      return compare;
    }
  }
  const Constant* constant = try_as<Constant>(expr->operand);
  if (!constant) return expr;
  const ConstantValue& value = constant->value;
  if (expr->op == UnaryOperator::Not) {
    bool truth;
    switch (value.kind) {
      case LiteralKind::None:
      case LiteralKind::False: truth = false; break;
      case LiteralKind::True:
      case LiteralKind::Ellipsis: truth = true; break;
      case LiteralKind::Int: truth = !value.is_small || value.integer; break;
      case LiteralKind::Float:
      case LiteralKind::Imaginary: truth = value.number != 0; break;
      default: truth = value.text.length > 0;
    }
    return make(expr, truth ? LiteralKind::False : LiteralKind::True);
  }
  if (value.kind == LiteralKind::Float && expr->op != UnaryOperator::Invert) {
    return make_float(expr, expr->op == UnaryOperator::USub ? -value.number : value.number);
  }
  Wide wide;
  if (value.kind == LiteralKind::Float || !wide_value(value, &wide)) return expr;
  switch (expr->op) {
    case UnaryOperator::USub: return make_int(expr, -wide);
    case UnaryOperator::UAdd: return make_int(expr, wide);
    default: return make_int(expr, ~wide);
  }
}

Expr* Folder::fold_ints(const BinOp* expr, Wide left, Wide right) {
  Wide result;
  switch (expr->op) {
    case BinaryOperator::Add: result = left + right; break;
    case BinaryOperator::Sub: result = left - right; break;
    case BinaryOperator::Mult:
      if (bit_length(left) + bit_length(right) > 126) return nullptr;
      result = left * right;
      break;
    case BinaryOperator::FloorDiv:
    case BinaryOperator::Mod: {
      if (right == 0) return nullptr;
      Wide quotient = left / right, remainder = left % right;
      if (remainder != 0 && (remainder < 0) != (right < 0)) {
        quotient--;
        remainder += right;
      }
      result = expr->op == BinaryOperator::Mod ? remainder : quotient;
      break;
    }
    case BinaryOperator::Div: {
      constexpr Wide kExact = Wide{1} << 53;
      if (right == 0 || left > kExact || left < -kExact || right > kExact || right < -kExact) return nullptr;
      return make_float(const_cast<BinOp*>(expr), static_cast<double>(left) / static_cast<double>(right));
    }
    case BinaryOperator::Pow: {
      if (right < 0 || right > 128 || bit_length(left) * static_cast<int>(right) > 126) return nullptr;
      result = 1;
      for (Wide i = 0; i < right; i++) result *= left;
      break;
    }
    case BinaryOperator::LShift:
      if (right < 0 || right > 126 || bit_length(left) + static_cast<int>(right) > 126) return nullptr;
      result = left * (Wide{1} << static_cast<int>(right));
      break;
    case BinaryOperator::RShift:
      if (right < 0) return nullptr;
      result = right > 126 ? (left < 0 ? -1 : 0) : left >> static_cast<int>(right);
      break;
    case BinaryOperator::BitAnd: result = left & right; break;
    case BinaryOperator::BitOr: result = left | right; break;
    case BinaryOperator::BitXor: result = left ^ right; break;
    default: return nullptr;
  }
  if (result > kLimit || result < -kLimit) return nullptr;
  return make_int(expr, result);
}

Expr* Folder::fold_binary(BinOp* expr) {
  const Constant* left = try_as<Constant>(expr->left);
  if (!left) return expr;
  LiteralKind left_kind = left->value.kind;
  if (left_kind == LiteralKind::Str && expr->op == BinaryOperator::Mod && expr->right->kind == ExprKind::Tuple) {
    return fold_format(expr);
  }
  const Constant* right = try_as<Constant>(expr->right);
  if (!right) return expr;
  LiteralKind right_kind = right->value.kind;
  if (is_number(left_kind) && is_number(right_kind)) {
    Wide a, b;
    if (wide_value(left->value, &a) && wide_value(right->value, &b)) {
      bool is_bitwise =
          expr->op == BinaryOperator::BitAnd || expr->op == BinaryOperator::BitOr || expr->op == BinaryOperator::BitXor;
      if (is_bitwise && is_bool(left_kind) && is_bool(right_kind)) return expr;
      Expr* result = fold_ints(expr, a, b);
      return result ? result : expr;
    }
    if (left_kind != LiteralKind::Float && right_kind != LiteralKind::Float) return expr;
    double x, y;
    if (!double_value(left->value, &x) || !double_value(right->value, &y)) return expr;
    switch (expr->op) {
      case BinaryOperator::Add: return make_float(expr, x + y);
      case BinaryOperator::Sub: return make_float(expr, x - y);
      case BinaryOperator::Mult: return make_float(expr, x * y);
      case BinaryOperator::Div: return y == 0 ? expr : make_float(expr, x / y);
      default: return expr;
    }
  }
  bool left_text = left_kind == LiteralKind::Str || left_kind == LiteralKind::Bytes;
  bool right_text = right_kind == LiteralKind::Str || right_kind == LiteralKind::Bytes;
  if (expr->op == BinaryOperator::Add && left_text && left_kind == right_kind) {
    return make_text(expr, left_kind, left->value.text.view(), right->value.text.view(), 1);
  }
  if (expr->op == BinaryOperator::Mult && left_text != right_text) {
    const ConstantValue& text = left_text ? left->value : right->value;
    Wide times;
    if (!wide_value(left_text ? right->value : left->value, &times)) return expr;
    if (times < 0) times = 0;
    if (times > kMaxRepeatedText || times * text.text.length > kMaxRepeatedText) return expr;
    return make_text(expr, text.kind, text.text.view(), {}, static_cast<uint32_t>(times));
  }
  return expr;
}

// "%s: %r" % (a, b) as an f-string, where the format is that simple.
Expr* Folder::fold_format(BinOp* expr) {
  std::string_view format = as<Constant>(expr->left)->value.text.view();
  const Seq<Expr*>& values = as<Tuple>(expr->right)->elts;
  for (const Expr* value : values) {
    if (value->kind == ExprKind::Starred) return expr;
  }
  std::vector<Expr*> pieces;
  std::vector<char> literal;
  auto flush = [&] {
    if (!literal.empty()) {
      pieces.push_back(make_text(expr->left, LiteralKind::Str, {literal.data(), literal.size()}, {}, 1));
    }
    literal.clear();
  };
  uint32_t next = 0;
  for (size_t i = 0; i < format.size(); i++) {
    if (format[i] != '%') {
      literal.push_back(format[i]);
      continue;
    }
    if (++i == format.size()) return expr;
    char code = format[i];
    if (code == '%') {
      literal.push_back('%');
      continue;
    }
    if ((code != 's' && code != 'r' && code != 'a') || next == values.size) return expr;
    flush();
    FormattedValue* piece = make_node<FormattedValue>(arena_, values[next]->span);
    piece->value = values[next++];
    piece->conversion = code;
    pieces.push_back(piece);
  }
  flush();
  if (next != values.size) return expr;
  if (pieces.empty()) return make_text(expr, LiteralKind::Str, {}, {}, 1);
  if (next == 0) return pieces[0];
  JoinedStr* joined = make_node<JoinedStr>(arena_, expr->span);
  joined->values = arena_.copy(pieces.data(), pieces.size());
  return joined;
}

Expr* Folder::fold_subscript(Subscript* expr) {
  const Constant* index_node = try_as<Constant>(expr->slice);
  if (expr->ctx != ExprContext::Load || !index_node || index_node->value.kind != LiteralKind::Int ||
      !index_node->value.is_small) {
    return expr;
  }
  int64_t index = index_node->value.integer;
  if (const Tuple* tuple = try_as<Tuple>(expr->value)) {
    for (const Expr* element : tuple->elts) {
      if (element->kind != ExprKind::Constant) return expr;
    }
    if (index < 0) index += tuple->elts.size;
    if (index < 0 || index >= tuple->elts.size) return expr;
    Constant* node = make(expr, LiteralKind::None);
    node->value = as<Constant>(tuple->elts[static_cast<size_t>(index)])->value;
    return node;
  }
  const Constant* text = try_as<Constant>(expr->value);
  if (!text || (text->value.kind != LiteralKind::Str && text->value.kind != LiteralKind::Bytes)) return expr;
  std::string_view bytes = text->value.text.view();
  for (char c : bytes) {
    if (static_cast<uint8_t>(c) >= 0x80 && text->value.kind == LiteralKind::Str) return expr;
  }
  int64_t size = static_cast<int64_t>(bytes.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return expr;
  if (text->value.kind == LiteralKind::Bytes) return make_int(expr, static_cast<uint8_t>(bytes[static_cast<size_t>(index)]));
  return make_text(expr, LiteralKind::Str, bytes.substr(static_cast<size_t>(index), 1), {}, 1);
}

Expr* Folder::fold(Expr* expr) {
  switch (expr->kind) {
    case ExprKind::BinOp: return fold_binary(as<BinOp>(expr));
    case ExprKind::UnaryOp: return fold_unary(as<UnaryOp>(expr));
    case ExprKind::Subscript: return fold_subscript(as<Subscript>(expr));
    case ExprKind::Name:
      if (as<Name>(expr)->id == context_.ids.debug && as<Name>(expr)->ctx == ExprContext::Load) {
        return make(expr, context_.options.optimize > 0 ? LiteralKind::False : LiteralKind::True);
      }
      return expr;
    default: return expr;
  }
}

#define REQ(type, name) visit(node->name);
#define OPT(type, name) visit(node->name);
#define SEQ(type, name) visit(node->name);
#define FIELD(quantity, type, name, python_name)

void Folder::visit(Expr*& expr) {
  if (!expr || context_.is_too_deep()) return;
  switch (expr->kind) {
#define EXPR_NODE(type_name, python_name, fields)           \
  case ExprKind::type_name: {                               \
    [[maybe_unused]] type_name* node = as<type_name>(expr); \
    fields break;                                           \
  }
#include "vm/syntax/ast.def"
  }
  expr = fold(expr);
}

#define REQ(type, name) visit(node->name);
#define OPT(type, name) visit(node->name);
#define SEQ(type, name) visit(node->name);
#define FIELD(quantity, type, name, python_name)

void Folder::visit(Stmt*& stmt) {
  if (context_.is_too_deep()) return;
  switch (stmt->kind) {
    case StmtKind::FunctionDef: {
      FunctionDef* node = as<FunctionDef>(stmt);
      visit(node->args);
      visit_body(node->body);
      visit(node->decorator_list);
      visit_annotation(node->returns);
      return;
    }
    case StmtKind::AsyncFunctionDef: {
      AsyncFunctionDef* node = as<AsyncFunctionDef>(stmt);
      visit(node->args);
      visit_body(node->body);
      visit(node->decorator_list);
      visit_annotation(node->returns);
      return;
    }
    case StmtKind::ClassDef: {
      ClassDef* node = as<ClassDef>(stmt);
      visit(node->bases);
      visit(node->keywords);
      visit_body(node->body);
      visit(node->decorator_list);
      return;
    }
    case StmtKind::AnnAssign: {
      AnnAssign* node = as<AnnAssign>(stmt);
      visit(node->target);
      visit_annotation(node->annotation);
      visit(node->value);
      return;
    }
    default: break;
  }
  switch (stmt->kind) {
#define STMT_NODE(type_name, python_name, fields)           \
  case StmtKind::type_name: {                               \
    [[maybe_unused]] type_name* node = as<type_name>(stmt); \
    fields break;                                           \
  }
#include "vm/syntax/ast.def"
  }
}

#define REQ(type, name) visit(node->name);
#define OPT(type, name) visit(node->name);
#define SEQ(type, name) visit(node->name);
#define FIELD(quantity, type, name, python_name)

void Folder::visit(Pattern*& pattern) {
  if (!pattern || context_.is_too_deep()) return;
  switch (pattern->kind) {
#define PATTERN_NODE(type_name, python_name, fields)           \
  case PatternKind::type_name: {                               \
    [[maybe_unused]] type_name* node = as<type_name>(pattern); \
    fields break;                                              \
  }
#include "vm/syntax/ast.def"
  }
}

void Folder::visit(ExceptHandler*& handler) {
  ExceptClause* node = as<ExceptClause>(handler);
  visit(node->type);
  visit(node->body);
}

void Folder::visit(Arg*& node) {
  if (node) visit_annotation(node->annotation);
}

void Folder::visit(Alias*&) {}

void Folder::visit(Arguments*& node) {
  visit(node->posonlyargs);
  visit(node->args);
  visit(node->vararg);
  visit(node->kwonlyargs);
  visit(node->kw_defaults);
  visit(node->kwarg);
  visit(node->defaults);
}

void Folder::visit(Keyword*& node) { visit(node->value); }

void Folder::visit(Comprehension*& node) {
  visit(node->target);
  visit(node->iter);
  visit(node->ifs);
}

void Folder::visit(WithItem*& node) {
  visit(node->context_expr);
  visit(node->optional_vars);
}

void Folder::visit(MatchCase*& node) {
  visit(node->pattern);
  visit(node->guard);
  visit(node->body);
}

// Folding must not turn the first statement into a docstring.
void Folder::visit_body(Seq<Stmt*>& body) {
  for (uint32_t i = 0; i < body.size; i++) {
    const ExprStmt* stmt = try_as<ExprStmt>(body[i]);
    if (i == 0 && stmt && (stmt->value->kind == ExprKind::BinOp || stmt->value->kind == ExprKind::Subscript)) continue;
    visit(body[i]);
  }
}

void Folder::visit(Mod* mod) {
  switch (mod->kind) {
    case ModKind::Module: visit_body(as<Module>(mod)->body); return;
    case ModKind::Interactive: visit(as<Interactive>(mod)->body); return;
    case ModKind::Expression: visit(as<Expression>(mod)->body); return;
    default: return;
  }
}

// The number that an imaginary or real literal stands for.
bool real_value(const Expr* expr, double* out) {
  const Constant* constant = try_as<Constant>(expr);
  return constant && is_number(constant->value.kind) && double_value(constant->value, out);
}

bool imaginary_value(const Expr* expr, double* out) {
  const Constant* constant = try_as<Constant>(expr);
  if (!constant || constant->value.kind != LiteralKind::Imaginary) return false;
  *out = constant->value.number;
  return true;
}

}  // namespace

void fold_constants(Context& context, Mod* mod) { Folder(context).visit(mod); }

bool fold_complex(const Expr* expr, double* real, double* imaginary) {
  double x, y;
  if (const UnaryOp* node = try_as<UnaryOp>(expr)) {
    if (node->op != UnaryOperator::USub || !imaginary_value(node->operand, &y)) return false;
    *real = -0.0;
    *imaginary = -y;
    return true;
  }
  const BinOp* node = try_as<BinOp>(expr);
  if (!node || (node->op != BinaryOperator::Add && node->op != BinaryOperator::Sub)) return false;
  if (!real_value(node->left, &x) || !imaginary_value(node->right, &y)) return false;
  *real = node->op == BinaryOperator::Add ? x + 0.0 : x - 0.0;
  *imaginary = node->op == BinaryOperator::Add ? 0.0 + y : 0.0 - y;
  return true;
}

}  // namespace pt::compiler
