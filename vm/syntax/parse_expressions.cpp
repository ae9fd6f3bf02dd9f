// Expressions, from star_expressions down to atoms.
#include <charconv>
#include <limits>

#include "vm/syntax/parser.h"

namespace pt::syntax {
namespace {

struct BinaryInfo {
  uint8_t precedence = 0;
  BinaryOperator op = BinaryOperator::Add;
};

struct BinaryTable {
  BinaryInfo infos[256] = {};
  constexpr BinaryTable() {
    auto set = [&](Tok type, uint8_t precedence, BinaryOperator op) { infos[int(type)] = {precedence, op}; };
    set(Tok::Bar, 1, BinaryOperator::BitOr);
    set(Tok::Circumflex, 2, BinaryOperator::BitXor);
    set(Tok::Amper, 3, BinaryOperator::BitAnd);
    set(Tok::LeftShift, 4, BinaryOperator::LShift);
    set(Tok::RightShift, 4, BinaryOperator::RShift);
    set(Tok::Plus, 5, BinaryOperator::Add);
    set(Tok::Minus, 5, BinaryOperator::Sub);
    set(Tok::Star, 6, BinaryOperator::Mult);
    set(Tok::Slash, 6, BinaryOperator::Div);
    set(Tok::DoubleSlash, 6, BinaryOperator::FloorDiv);
    set(Tok::Percent, 6, BinaryOperator::Mod);
    set(Tok::At, 6, BinaryOperator::MatMult);
  }
};
constexpr BinaryTable kBinary;

}  // namespace

Expr* Parser::make_tuple(int start, Seq<Expr*> elts) {
  auto* node = make_node<Tuple>(arena_, span_from(start));
  node->elts = elts;
  return node;
}

// '*' rule
Expr* Parser::starred(Expr* (Parser::*rule)()) {
  int start = pos_++;
  Expr* value = (this->*rule)();
  if (!value) return nullptr;
  auto* node = make_node<Starred>(arena_, span_from(start));
  node->value = value;
  return node;
}

Expr* Parser::expressions() {
  int start = pos_;
  Expr* first = expression();
  if (!first || !at(Tok::Comma)) return first;
  Vec<Expr*> elts(arena_);
  elts.push(first);
  while (accept(Tok::Comma)) {
    int mark = pos_;
    Expr* e = expression();
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    elts.push(e);
  }
  return make_tuple(start, elts.seq());
}

Expr* Parser::star_expressions() {
  int start = pos_;
  Expr* first = star_expression();
  if (!first || !at(Tok::Comma)) return first;
  Vec<Expr*> elts(arena_);
  elts.push(first);
  while (accept(Tok::Comma)) {
    int mark = pos_;
    Expr* e = star_expression();
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    elts.push(e);
  }
  return make_tuple(start, elts.seq());
}

Expr* Parser::star_expression() {
  if (!second_pass_) return at(Tok::Star) ? starred(&Parser::bitwise_or) : expression();
  Expr* node;
  if (recall(Rule::StarExpression, &node)) return node;
  int start = pos_;
  node = at(Tok::Star) ? starred(&Parser::bitwise_or) : expression();
  return static_cast<Expr*>(remember(Rule::StarExpression, start, node));
}

bool Parser::star_named_expressions(Vec<Expr*>* out) {
  for (;;) {
    int mark = pos_;
    Expr* e = star_named_expression();
    if (failed()) return false;
    if (!e) {
      pos_ = mark;
      return !out->empty();
    }
    out->push(e);
    if (!accept(Tok::Comma)) return true;
  }
}

Expr* Parser::star_named_expression() { return at(Tok::Star) ? starred(&Parser::bitwise_or) : named_expression(); }

// NAME ':=' expression; the caller has seen both tokens.
Expr* Parser::assignment_expression() {
  int start = pos_;
  auto* target = make_node<Name>(arena_, span_of(peek()));
  target->id = identifier(peek());
  target->ctx = ExprContext::Store;
  pos_ += 2;
  Expr* value = expression();
  if (!value) return nullptr;
  auto* node = make_node<NamedExpr>(arena_, span_from(start));
  node->target = target;
  node->value = value;
  return node;
}

Expr* Parser::named_expression() {
  if (!second_pass_ || !invalid_) return named_expression_body();
  Expr* node;
  if (recall(Rule::NamedExpression, &node)) return node;
  int start = pos_;
  return static_cast<Expr*>(remember(Rule::NamedExpression, start, named_expression_body()));
}

Expr* Parser::named_expression_body() {
  if (at(Tok::Name) && type_at(1) == Tok::ColonEqual) return assignment_expression();
  int start = pos_;
  if (invalid_) {
    invalid_named_expression();
    if (failed()) return nullptr;
    pos_ = start;
  }
  Expr* e = expression();
  return e && at(Tok::ColonEqual) ? nullptr : e;
}

// (assignment_expression | expression !':=')
Expr* Parser::generator_element() {
  if (at(Tok::Name) && type_at(1) == Tok::ColonEqual) return assignment_expression();
  Expr* e = expression();
  return e && at(Tok::ColonEqual) ? nullptr : e;
}

Expr* Parser::expression() {
  Depth depth(*this);
  if (!depth) return nullptr;
  if (!second_pass_) return expression_body();
  Expr* node;
  if (recall(Rule::Expression, &node)) return node;
  int start = pos_;
  if (invalid_) {
    invalid_expression();
    if (failed()) return nullptr;
    pos_ = start;
    invalid_legacy_expression();
    if (failed()) return nullptr;
    pos_ = start;
  }
  return static_cast<Expr*>(remember(Rule::Expression, start, expression_body()));
}

Expr* Parser::expression_body() {
  if (at(Tok::KwLambda)) return lambda();
  int start = pos_;
  Expr* body = disjunction();
  if (!body || !at(Tok::KwIf)) return body;
  int mark = pos_++;
  Expr* test = disjunction();
  if (test && accept(Tok::KwElse)) {
    Expr* orelse = expression();
    if (orelse) {
      auto* node = make_node<IfExp>(arena_, span_from(start));
      node->test = test;
      node->body = body;
      node->orelse = orelse;
      return node;
    }
  }
  if (failed()) return nullptr;
  pos_ = mark;
  return body;
}

Expr* Parser::expression_without_invalid() {
  bool saved = invalid_;
  invalid_ = false;
  Expr* e = expression_body();
  invalid_ = saved;
  return e;
}

Expr* Parser::yield_expression() {
  int start = pos_++;
  if (at(Tok::KwFrom)) {
    pos_++;
    Expr* value = expression();
    if (!value) return nullptr;
    auto* node = make_node<YieldFrom>(arena_, span_from(start));
    node->value = value;
    return node;
  }
  int mark = pos_;
  Expr* value = star_expressions();
  if (failed()) return nullptr;
  if (!value) pos_ = mark;
  auto* node = make_node<Yield>(arena_, span_from(start));
  node->value = value;
  return node;
}

Expr* Parser::disjunction() {
  if (!second_pass_) return bool_op(BoolOperator::Or);
  Expr* node;
  if (recall(Rule::Disjunction, &node)) return node;
  int start = pos_;
  return static_cast<Expr*>(remember(Rule::Disjunction, start, bool_op(BoolOperator::Or)));
}

Expr* Parser::conjunction() {
  if (!second_pass_) return bool_op(BoolOperator::And);
  Expr* node;
  if (recall(Rule::Conjunction, &node)) return node;
  int start = pos_;
  return static_cast<Expr*>(remember(Rule::Conjunction, start, bool_op(BoolOperator::And)));
}

Expr* Parser::bool_op(BoolOperator op) {
  Tok word = op == BoolOperator::Or ? Tok::KwOr : Tok::KwAnd;
  auto operand = [&] { return op == BoolOperator::Or ? conjunction() : inversion(); };
  int start = pos_;
  Expr* first = operand();
  if (!first || !at(word)) return first;
  Vec<Expr*> values(arena_);
  values.push(first);
  while (at(word)) {
    int mark = pos_++;
    Expr* e = operand();
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    values.push(e);
  }
  if (values.size() == 1) return first;
  auto* node = make_node<BoolOp>(arena_, span_from(start));
  node->op = op;
  node->values = values.seq();
  return node;
}

Expr* Parser::inversion() {
  if (second_pass_) {
    Expr* node;
    if (recall(Rule::Inversion, &node)) return node;
  }
  int start = pos_;
  while (accept(Tok::KwNot))
    if (pos_ - start > kMaxPrefix) return raise_too_deep();
  int end = pos_;
  Expr* e = comparison();
  for (int i = end - 1; e && i >= start; i--) {
    auto* node = make_node<UnaryOp>(arena_, span_from(i));
    node->op = UnaryOperator::Not;
    node->operand = e;
    e = node;
  }
  return second_pass_ ? static_cast<Expr*>(remember(Rule::Inversion, start, e)) : e;
}

bool Parser::comparison_operator(CompareOperator* op) {
  switch (type()) {
    case Tok::EqEqual: *op = CompareOperator::Eq; break;
    case Tok::NotEqual: {
      bool is_barry = options_.future_flags & kFutureBarryAsBdfl;
      bool is_angle = peek().text() == "<>";
      if (is_barry && !is_angle) {
        raise("with Barry as BDFL, use '<>' instead of '!='");
        return false;
      }
      if (is_angle != is_barry) {
        pos_++;
        return false;
      }
      *op = CompareOperator::NotEq;
      break;
    }
    case Tok::Less: *op = CompareOperator::Lt; break;
    case Tok::LessEqual: *op = CompareOperator::LtE; break;
    case Tok::Greater: *op = CompareOperator::Gt; break;
    case Tok::GreaterEqual: *op = CompareOperator::GtE; break;
    case Tok::KwIn: *op = CompareOperator::In; break;
    case Tok::KwNot:
      if (type_at(1) != Tok::KwIn) return false;
      pos_++;
      *op = CompareOperator::NotIn;
      break;
    case Tok::KwIs:
      *op = CompareOperator::Is;
      if (type_at(1) == Tok::KwNot) {
        pos_++;
        *op = CompareOperator::IsNot;
      }
      break;
    default: return false;
  }
  pos_++;
  return true;
}

Expr* Parser::comparison() {
  int start = pos_;
  Expr* left = bitwise_or();
  if (!left) return nullptr;
  int mark = pos_;
  CompareOperator op;
  if (!comparison_operator(&op)) {
    pos_ = mark;
    return failed() ? nullptr : left;
  }
  Vec<CompareOperator> ops(arena_);
  Vec<Expr*> comparators(arena_);
  do {
    Expr* right = bitwise_or();
    if (failed()) return nullptr;
    if (!right) break;
    ops.push(op);
    comparators.push(right);
    mark = pos_;
  } while (comparison_operator(&op));
  pos_ = mark;
  if (failed()) return nullptr;
  if (ops.empty()) return left;
  auto* node = make_node<Compare>(arena_, span_from(start));
  node->left = left;
  node->ops = ops.seq();
  node->comparators = comparators.seq();
  return node;
}

Expr* Parser::bitwise_or() {
  if (!second_pass_) return binary(1);
  Expr* node;
  if (recall(Rule::BitwiseOr, &node)) return node;
  int start = pos_;
  return static_cast<Expr*>(remember(Rule::BitwiseOr, start, binary(1)));
}

Expr* Parser::binary(int min_precedence) {
  int start = pos_;
  Expr* left = factor();
  if (!left) return nullptr;
  for (;;) {
    BinaryInfo info = kBinary.infos[int(type())];
    if (info.precedence < min_precedence || info.precedence == 0) return left;
    int mark = pos_++;
    Expr* right = binary(info.precedence + 1);
    if (failed()) return nullptr;
    if (!right) {
      pos_ = mark;
      return left;
    }
    auto* node = make_node<BinOp>(arena_, span_from(start));
    node->left = left;
    node->op = info.op;
    node->right = right;
    left = node;
  }
}

Expr* Parser::factor() {
  int start = pos_;
  auto is_prefix = [](Tok t) { return t == Tok::Minus || t == Tok::Plus || t == Tok::Tilde; };
  while (is_prefix(type()))
    if (++pos_ - start > kMaxPrefix) return raise_too_deep();
  int end = pos_;
  Expr* e = power();
  for (int i = end - 1; e && i >= start; i--) {
    auto* node = make_node<UnaryOp>(arena_, span_from(i));
    Tok t = tokens_[i].type;
    node->op = t == Tok::Minus ? UnaryOperator::USub : t == Tok::Plus ? UnaryOperator::UAdd : UnaryOperator::Invert;
    node->operand = e;
    e = node;
  }
  return e;
}

Expr* Parser::power() {
  int start = pos_;
  Expr* base;
  if (accept(Tok::KwAwait)) {
    Expr* value = primary();
    if (!value) return nullptr;
    auto* node = make_node<Await>(arena_, span_from(start));
    node->value = value;
    base = node;
  } else {
    base = primary();
  }
  if (!base || !at(Tok::DoubleStar)) return base;
  Depth depth(*this);
  if (!depth) return nullptr;
  int mark = pos_++;
  Expr* exponent = factor();
  if (failed()) return nullptr;
  if (!exponent) {
    pos_ = mark;
    return base;
  }
  auto* node = make_node<BinOp>(arena_, span_from(start));
  node->left = base;
  node->op = BinaryOperator::Pow;
  node->right = exponent;
  return node;
}

Expr* Parser::primary() {
  if (!second_pass_) return primary_body();
  Expr* node;
  if (recall(Rule::Primary, &node)) return node;
  int start = pos_;
  return static_cast<Expr*>(remember(Rule::Primary, start, primary_body()));
}

Expr* Parser::primary_body() {
  int start = pos_;
  Expr* e = atom();
  if (!e) return nullptr;
  for (;;) {
    int mark = pos_;
    Expr* next = nullptr;
    if (invalid_ && (at(Tok::LeftBracket) || at(Tok::LeftBrace))) {
      // What follows may have been meant as a comprehension in a call.
      invalid_comprehension(type());
      if (failed()) return nullptr;
      pos_ = mark;
    }
    switch (type()) {
      case Tok::Dot: {
        pos_++;
        const Identifier* name = accept_name();
        if (name) {
          auto* node = make_node<Attribute>(arena_, span_from(start));
          node->value = e;
          node->attr = name;
          next = node;
        }
        break;
      }
      case Tok::LeftParen: next = call(e, start); break;
      case Tok::LeftBracket: {
        pos_++;
        Expr* index = slices();
        if (index && accept(Tok::RightBracket)) {
          auto* node = make_node<Subscript>(arena_, span_from(start));
          node->value = e;
          node->slice = index;
          next = node;
        }
        break;
      }
      default: return failed() ? nullptr : e;
    }
    if (failed()) return nullptr;
    if (!next) {
      pos_ = mark;
      return e;
    }
    e = next;
  }
}

Expr* Parser::slices() {
  int start = pos_;
  Vec<Expr*> elts(arena_);
  for (;;) {
    int mark = pos_;
    Expr* e = at(Tok::Star) ? starred(&Parser::expression) : slice();
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    if (elts.empty() && !at(Tok::Comma) && e->kind != ExprKind::Starred) return e;
    elts.push(e);
    if (!accept(Tok::Comma)) break;
  }
  return elts.empty() ? nullptr : make_tuple(start, elts.seq());
}

Expr* Parser::slice() {
  int start = pos_;
  Expr* lower = nullptr;
  if (!at(Tok::Colon)) {
    lower = second_pass_ ? expression() : named_expression();
    if (!lower) return nullptr;
    if (!at(Tok::Colon)) {
      if (!second_pass_) return lower;
      pos_ = start;
      return named_expression();
    }
    if (lower->kind == ExprKind::NamedExpr && spans_tokens(lower, start)) return lower;
  }
  pos_++;
  auto optional = [&]() -> Expr* {
    int mark = pos_;
    Expr* e = expression();
    if (!e) pos_ = mark;
    return e;
  };
  Expr* upper = optional();
  if (failed()) return nullptr;
  Expr* step = accept(Tok::Colon) ? optional() : nullptr;
  if (failed()) return nullptr;
  auto* node = make_node<Slice>(arena_, span_from(start));
  node->lower = lower;
  node->upper = upper;
  node->step = step;
  return node;
}

Expr* Parser::name_constant(ConstantKind kind) {
  auto* node = make_node<Constant>(arena_, span_of(tokens_[pos_++]));
  node->value.kind = kind;
  return node;
}

Expr* Parser::atom() {
  switch (type()) {
    case Tok::Name: {
      const Token& token = tokens_[pos_];
      auto* node = make_node<Name>(arena_, span_of(token));
      node->id = identifier(token);
      pos_++;
      return node;
    }
    case Tok::Number: return number();
    case Tok::String: return strings();
    case Tok::KwNone: return name_constant(ConstantKind::None);
    case Tok::KwTrue: return name_constant(ConstantKind::True);
    case Tok::KwFalse: return name_constant(ConstantKind::False);
    case Tok::Ellipsis: return name_constant(ConstantKind::Ellipsis);
    case Tok::LeftParen: return second_pass_ ? parenthesized_checked() : parenthesized();
    case Tok::LeftBracket: return list_display();
    case Tok::LeftBrace: return second_pass_ ? brace_display_checked() : brace_display();
    default: return nullptr;
  }
}

Expr* Parser::number() {
  const Token token = tokens_[pos_];
  auto* node = make_node<Constant>(arena_, span_of(token));
  ConstantValue& value = node->value;
  char buffer[64];
  char* text = token.length < sizeof(buffer) ? buffer : static_cast<char*>(arena_.allocate(token.length + 1));
  uint32_t length = 0;
  bool is_float = false;
  for (uint32_t i = 0; i < token.length; i++) {
    char c = token.start[i];
    if (c != '_') text[length++] = c;
    is_float = is_float || c == '.' || c == 'e' || c == 'E';
  }
  char* end = text + length;
  bool is_radix = length > 1 && text[0] == '0' && (text[1] | 0x20) >= 'b' && (text[1] | 0x20) != 'e' && (text[1] | 0x20) != 'j';
  bool is_imaginary = !is_radix && (end[-1] | 0x20) == 'j';
  if (is_imaginary) end--;
  if (!is_radix && (is_float || is_imaginary)) {
    value.kind = is_imaginary ? ConstantKind::Imaginary : ConstantKind::Float;
    double number = 0;
    if (std::from_chars(text, end, number).ec == std::errc::result_out_of_range) {
      // Too large or too small: the place of the first digit and the exponent decide.
      long exponent = 0, place = 0;
      bool fraction = false, seen = false;
      for (const char* at = text; at < end; at++) {
        if ((*at | 0x20) == 'e') {
          if (at[1] == '+') at++;
          if (std::from_chars(at + 1, end, exponent).ec != std::errc()) exponent = at[1] == '-' ? -1000000000 : 1000000000;
          break;
        }
        if (*at == '.') {
          fraction = true;
        } else {
          seen = seen || *at != '0';
          if (seen && !fraction) place++;
          if (!seen && fraction) place--;
        }
      }
      number = seen && place + exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    }
    value.number = number;
    pos_++;
    return node;
  }
  value.kind = ConstantKind::Int;
  const char* digits = text;
  if (is_radix) {
    char letter = static_cast<char>(text[1] | 0x20);
    value.base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    digits += 2;
  }
  while (digits + 1 < end && *digits == '0') digits++;
  int64_t integer = 0;
  value.is_small = std::from_chars(digits, end, integer, value.base).ec == std::errc();
  value.integer = value.is_small ? integer : 0;
  if (value.base == 10 && options_.max_int_digits && end - digits > options_.max_int_digits) {
    Message message(arena_);
    message << "Exceeds the limit (" << decimal(options_.max_int_digits) << " digits) for integer string conversion: value has "
            << decimal(end - digits)
            << " digits; use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge "
               "integer literals to avoid decimal conversion limits.";
    return raise_location(ErrorKind::SyntaxError, token.line, 0, token.line, 0, message.finish());
  }
  std::string_view kept = arena_.copy({digits, static_cast<size_t>(end - digits)});
  value.text = {kept.data(), static_cast<uint32_t>(kept.size())};
  pos_++;
  return node;
}

Expr* Parser::parenthesized() {
  int start = pos_++;
  if (accept(Tok::RightParen)) return make_tuple(start, {});
  if (at(Tok::KwYield)) {
    Expr* e = yield_expression();
    return e && accept(Tok::RightParen) ? e : nullptr;
  }
  Expr* e = star_named_expression();
  if (!e) return nullptr;
  bool is_starred = e->kind == ExprKind::Starred;
  if (accept(Tok::Comma)) {
    Vec<Expr*> elts(arena_);
    elts.push(e);
    star_named_expressions(&elts);
    if (failed() || !accept(Tok::RightParen)) return nullptr;
    return make_tuple(start, elts.seq());
  }
  if (is_starred) return nullptr;
  if (at_for()) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (generators.empty() || !accept(Tok::RightParen)) return nullptr;
    auto* node = make_node<GeneratorExp>(arena_, span_from(start));
    node->elt = e;
    node->generators = generators;
    return node;
  }
  return accept(Tok::RightParen) ? e : nullptr;
}

// The same in the order of the grammar's alternatives: tuple, group, generator expression.
Expr* Parser::parenthesized_checked() {
  int start = pos_++;
  int inside = pos_;
  if (accept(Tok::RightParen)) return make_tuple(start, {});
  Expr* e = star_named_expression();
  if (failed()) return nullptr;
  if (e && accept(Tok::Comma)) {
    Vec<Expr*> elts(arena_);
    elts.push(e);
    star_named_expressions(&elts);
    if (failed()) return nullptr;
    if (accept(Tok::RightParen)) return make_tuple(start, elts.seq());
  }
  pos_ = inside;
  e = at(Tok::KwYield) ? yield_expression() : named_expression();
  if (failed()) return nullptr;
  if (e && accept(Tok::RightParen)) return e;
  if (invalid_) {
    pos_ = start;
    invalid_group();
    if (failed()) return nullptr;
  }
  pos_ = start;
  e = genexp();
  if (failed() || e) return e;
  return nullptr;
}

// '(' (assignment_expression | expression !':=') for_if_clauses ')'
Expr* Parser::genexp() {
  int start = pos_++;
  Expr* elt = generator_element();
  if (failed()) return nullptr;
  if (elt) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (failed()) return nullptr;
    if (!generators.empty() && accept(Tok::RightParen)) {
      auto* node = make_node<GeneratorExp>(arena_, span_from(start));
      node->elt = elt;
      node->generators = generators;
      return node;
    }
  }
  if (invalid_) {
    pos_ = start;
    invalid_comprehension(Tok::LeftParen);
  }
  return nullptr;
}

Expr* Parser::list_display() {
  int start = pos_++;
  Vec<Expr*> elts(arena_);
  if (!at(Tok::RightBracket)) {
    star_named_expressions(&elts);
    if (failed()) return nullptr;
  }
  if (accept(Tok::RightBracket)) {
    auto* node = make_node<List>(arena_, span_from(start));
    node->elts = elts.seq();
    return node;
  }
  // Only an element without a comma can go on as a comprehension.
  if (elts.size() == 1 && elts[0]->kind != ExprKind::Starred && tokens_[pos_ - 1].type != Tok::Comma && at_for()) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (failed()) return nullptr;
    if (!generators.empty() && accept(Tok::RightBracket)) {
      auto* node = make_node<ListComp>(arena_, span_from(start));
      node->elt = elts[0];
      node->generators = generators;
      return node;
    }
  }
  if (invalid_) {
    pos_ = start;
    invalid_comprehension(Tok::LeftBracket);
  }
  return nullptr;
}

bool Parser::key_value(Expr** key, Expr** value) {
  *key = expression();
  if (!*key || !accept(Tok::Colon)) return false;
  *value = expression();
  return *value != nullptr;
}

// ','.('**' bitwise_or | expression ':' expression)+ [',']
bool Parser::double_starred_pairs(Vec<Expr*>* keys, Vec<Expr*>* values) {
  for (;;) {
    int mark = pos_;
    Expr *key = nullptr, *value = nullptr;
    bool good;
    if (accept(Tok::DoubleStar)) {
      value = bitwise_or();
      good = value != nullptr;
    } else {
      good = key_value(&key, &value);
    }
    if (failed()) return false;
    if (!good) {
      pos_ = mark;
      return !values->empty();
    }
    keys->push(key);
    values->push(value);
    if (!accept(Tok::Comma)) return true;
  }
}

Expr* Parser::brace_display() {
  int start = pos_++;
  auto dict = [&](Seq<Expr*> keys, Seq<Expr*> values) {
    auto* node = make_node<Dict>(arena_, span_from(start));
    node->keys = keys;
    node->values = values;
    return node;
  };
  if (accept(Tok::RightBrace)) return dict({}, {});
  Vec<Expr*> keys(arena_), values(arena_);
  if (at(Tok::DoubleStar)) {
    if (!double_starred_pairs(&keys, &values) || !accept(Tok::RightBrace)) return nullptr;
    return dict(keys.seq(), values.seq());
  }
  Expr* first = star_named_expression();
  if (!first) return nullptr;
  if (at(Tok::Colon) && first->kind != ExprKind::Starred &&
      (first->kind != ExprKind::NamedExpr || !spans_tokens(first, start + 1))) {
    pos_++;
    Expr* value = expression();
    if (!value) return nullptr;
    if (at_for()) {
      Seq<Comprehension*> generators = comprehension_clauses();
      if (generators.empty() || !accept(Tok::RightBrace)) return nullptr;
      auto* node = make_node<DictComp>(arena_, span_from(start));
      node->key = first;
      node->value = value;
      node->generators = generators;
      return node;
    }
    keys.push(first);
    values.push(value);
    if (accept(Tok::Comma)) double_starred_pairs(&keys, &values);
    if (failed() || !accept(Tok::RightBrace)) return nullptr;
    return dict(keys.seq(), values.seq());
  }
  if (first->kind != ExprKind::Starred && at_for()) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (generators.empty() || !accept(Tok::RightBrace)) return nullptr;
    auto* node = make_node<SetComp>(arena_, span_from(start));
    node->elt = first;
    node->generators = generators;
    return node;
  }
  values.push(first);
  if (accept(Tok::Comma)) star_named_expressions(&values);
  if (failed() || !accept(Tok::RightBrace)) return nullptr;
  auto* node = make_node<Set>(arena_, span_from(start));
  node->elts = values.seq();
  return node;
}

// The same in the order of the grammar's alternatives: dict, set, dict and set comprehension.
Expr* Parser::brace_display_checked() {
  int start = pos_++;
  int inside = pos_;
  Vec<Expr*> keys(arena_), values(arena_);
  bool pairs = double_starred_pairs(&keys, &values);
  if (failed()) return nullptr;
  if (!pairs) pos_ = inside;
  if (accept(Tok::RightBrace)) {
    auto* node = make_node<Dict>(arena_, span_from(start));
    node->keys = keys.seq();
    node->values = values.seq();
    return node;
  }
  pos_ = inside;
  invalid_double_starred_pairs();
  if (failed()) return nullptr;
  pos_ = inside;
  Vec<Expr*> elts(arena_);
  bool set = star_named_expressions(&elts);
  if (failed()) return nullptr;
  if (set && accept(Tok::RightBrace)) {
    auto* node = make_node<Set>(arena_, span_from(start));
    node->elts = elts.seq();
    return node;
  }
  pos_ = inside;
  Expr *key, *value;
  bool pair = key_value(&key, &value);
  if (failed()) return nullptr;
  if (pair) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (failed()) return nullptr;
    if (!generators.empty() && accept(Tok::RightBrace)) {
      auto* node = make_node<DictComp>(arena_, span_from(start));
      node->key = key;
      node->value = value;
      node->generators = generators;
      return node;
    }
  }
  if (invalid_) {
    pos_ = start;
    invalid_dict_comprehension();
    if (failed()) return nullptr;
  }
  pos_ = inside;
  Expr* elt = named_expression();
  if (failed()) return nullptr;
  if (elt) {
    Seq<Comprehension*> generators = comprehension_clauses();
    if (failed()) return nullptr;
    if (!generators.empty() && accept(Tok::RightBrace)) {
      auto* node = make_node<SetComp>(arena_, span_from(start));
      node->elt = elt;
      node->generators = generators;
      return node;
    }
  }
  if (invalid_) {
    pos_ = start;
    invalid_comprehension(Tok::LeftBrace);
  }
  return nullptr;
}

// One clause or more; empty where there is none.
Seq<Comprehension*> Parser::comprehension_clauses() {
  Vec<Comprehension*> clauses(arena_);
  for (;;) {
    int mark = pos_;
    Comprehension* clause = comprehension_clause();
    if (failed()) return {};
    if (!clause) {
      pos_ = mark;
      return clauses.seq();
    }
    clauses.push(clause);
  }
}

Comprehension* Parser::comprehension_clause() {
  int start = pos_;
  bool is_async = accept(Tok::KwAsync);
  if (!accept(Tok::KwFor)) return nullptr;
  Expr* target = star_targets();
  if (failed()) return nullptr;
  if (!target || !accept(Tok::KwIn)) {
    if (invalid_) {
      pos_ = start;
      invalid_for_target();
    }
    return nullptr;
  }
  Expr* iter = disjunction();
  if (!iter) return nullptr;
  Vec<Expr*> ifs(arena_);
  while (at(Tok::KwIf)) {
    int mark = pos_++;
    Expr* condition = disjunction();
    if (failed()) return nullptr;
    if (!condition) {
      pos_ = mark;
      break;
    }
    ifs.push(condition);
  }
  auto* node = arena_.make<Comprehension>();
  node->target = target;
  node->iter = iter;
  node->ifs = ifs.seq();
  node->is_async = is_async;
  return node;
}

}  // namespace pt::syntax
