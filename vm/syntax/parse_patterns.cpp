// The match statement (PEP 634).
#include "vm/syntax/parser.h"

namespace pt::syntax {

// Null where it is no match statement: `match` may be a name.
Stmt* Parser::match_statement() {
  int start = pos_++;
  Expr* value = subject();
  if (!value) return nullptr;
  if (!accept(Tok::Colon)) {
    if (invalid_ && at(Tok::Newline)) return raise("expected ':'");
    return nullptr;
  }
  if (!accept(Tok::Newline)) return nullptr;
  if (!accept(Tok::Indent)) return invalid_ ? raise_block("'match' statement", tokens_[start].line) : nullptr;
  Vec<MatchCase*> cases(arena_);
  while (at_soft("case")) {
    MatchCase* node = case_block();
    if (!node) return nullptr;
    cases.push(node);
  }
  if (cases.empty() || !accept(Tok::Dedent)) return nullptr;
  auto* node = make_node<Match>(arena_, span_from(start));
  node->subject = value;
  node->cases = cases.seq();
  return node;
}

Expr* Parser::subject() {
  int start = pos_;
  Expr* first = star_named_expression();
  if (!first) return nullptr;
  if (!accept(Tok::Comma)) return first->kind == ExprKind::Starred ? nullptr : first;
  Vec<Expr*> elts(arena_);
  elts.push(first);
  int mark = pos_;
  star_named_expressions(&elts);
  if (failed()) return nullptr;
  if (elts.size() == 1) pos_ = mark;
  return make_tuple(start, elts.seq());
}

MatchCase* Parser::case_block() {
  int start = pos_++;
  Pattern* matched = patterns();
  if (!matched) return nullptr;
  Expr* guard = nullptr;
  if (accept(Tok::KwIf)) {
    guard = named_expression();
    if (!guard) return nullptr;
  }
  if (!colon_or_newline()) return nullptr;
  Seq<Stmt*> body;
  if (!block(&body, "'case' statement", tokens_[start].line)) return nullptr;
  auto* node = arena_.make<MatchCase>();
  node->pattern = matched;
  node->guard = guard;
  node->body = body;
  return node;
}

// An open sequence or one pattern.
Pattern* Parser::patterns() {
  int start = pos_;
  Pattern* first = maybe_star_pattern();
  if (!first) return nullptr;
  if (!accept(Tok::Comma)) return first->kind == PatternKind::MatchStar ? nullptr : first;
  Vec<Pattern*> items(arena_);
  items.push(first);
  if (!sequence_items(&items)) return nullptr;
  auto* node = make_node<MatchSequence>(arena_, span_from(start));
  node->patterns = items.seq();
  return node;
}

// Further items up to one that is none; false on an error.
bool Parser::sequence_items(Vec<Pattern*>* items) {
  for (;;) {
    int mark = pos_;
    Pattern* item = maybe_star_pattern();
    if (failed()) return false;
    if (!item) {
      pos_ = mark;
      return true;
    }
    items->push(item);
    if (!accept(Tok::Comma)) return true;
  }
}

Pattern* Parser::maybe_star_pattern() {
  if (!at(Tok::Star)) return pattern();
  int start = pos_++;
  const Identifier* name = nullptr;
  if (at_soft("_")) {
    pos_++;
  } else {
    name = capture_target();
    if (!name) return nullptr;
  }
  auto* node = make_node<MatchStar>(arena_, span_from(start));
  node->name = name;
  return node;
}

// NAME, not "_" and not the beginning of a dotted name, call or assignment.
const Identifier* Parser::capture_target() {
  if (!at(Tok::Name) || at_soft("_")) return nullptr;
  Tok next = type_at(1);
  if (next == Tok::Dot || next == Tok::LeftParen || next == Tok::Equal) return nullptr;
  return accept_name();
}

Pattern* Parser::pattern() {
  int start = pos_;
  Pattern* inner = or_pattern();
  if (!inner || !at(Tok::KwAs)) return inner;
  int mark = pos_++;
  const Identifier* name = capture_target();
  if (failed()) return nullptr;
  if (!name) {
    if (invalid_) {
      pos_ = mark + 1;
      if (at_soft("_")) return raise_at(peek(), "cannot use '_' as a target");
      if (!at(Tok::Name)) {
        Expr* e = expression();
        if (failed()) return nullptr;
        if (e) return raise_at(e, "invalid pattern target");
      }
    }
    pos_ = mark;
    return inner;
  }
  auto* node = make_node<MatchAs>(arena_, span_from(start));
  node->pattern = inner;
  node->name = name;
  return node;
}

Pattern* Parser::or_pattern() {
  int start = pos_;
  Pattern* first = closed_pattern();
  if (!first || !at(Tok::Bar)) return first;
  Vec<Pattern*> items(arena_);
  items.push(first);
  while (at(Tok::Bar)) {
    int mark = pos_++;
    Pattern* item = closed_pattern();
    if (failed()) return nullptr;
    if (!item) {
      pos_ = mark;
      break;
    }
    items.push(item);
  }
  if (items.size() == 1) return first;
  auto* node = make_node<MatchOr>(arena_, span_from(start));
  node->patterns = items.seq();
  return node;
}

Pattern* Parser::closed_pattern() {
  Depth depth(*this);
  if (!depth) return nullptr;
  switch (type()) {
    case Tok::Number:
    case Tok::Minus:
    case Tok::String:
    case Tok::KwNone:
    case Tok::KwTrue:
    case Tok::KwFalse: return literal_or_number();
    case Tok::Name: return name_pattern();
    case Tok::LeftParen: return group_or_sequence();
    case Tok::LeftBracket: return list_pattern();
    case Tok::LeftBrace: return mapping_pattern();
    default: return nullptr;
  }
}

Pattern* Parser::literal_or_number() {
  int start = pos_;
  Tok t = type();
  if (t == Tok::KwNone || t == Tok::KwTrue || t == Tok::KwFalse) {
    pos_++;
    auto* node = make_node<MatchSingleton>(arena_, span_from(start));
    node->value.kind = t == Tok::KwNone ? ConstantKind::None : t == Tok::KwTrue ? ConstantKind::True : ConstantKind::False;
    return node;
  }
  Expr* value = t == Tok::String ? strings() : number_expression();
  if (!value) return nullptr;
  auto* node = make_node<MatchValue>(arena_, span_from(start));
  node->value = value;
  return node;
}

// ['-'] NUMBER [('+' | '-') NUMBER], the second imaginary
Expr* Parser::number_expression() {
  int start = pos_;
  bool negative = accept(Tok::Minus);
  if (!at(Tok::Number)) return nullptr;
  Expr* real = number();
  if (!real) return nullptr;
  Expr* left = real;
  if (negative) {
    auto* node = make_node<UnaryOp>(arena_, span_from(start));
    node->op = UnaryOperator::USub;
    node->operand = real;
    left = node;
  }
  if (!at(Tok::Plus) && !at(Tok::Minus)) return left;
  bool add = accept(Tok::Plus);
  if (!add) pos_++;
  if (!at(Tok::Number)) return nullptr;
  if (as<Constant>(real)->value.kind == ConstantKind::Imaginary) return raise_at(real, "real number required in complex literal");
  Expr* right = number();
  if (!right) return nullptr;
  if (as<Constant>(right)->value.kind != ConstantKind::Imaginary)
    return raise_at(right, "imaginary number required in complex literal");
  auto* node = make_node<BinOp>(arena_, span_from(start));
  node->left = left;
  node->op = add ? BinaryOperator::Add : BinaryOperator::Sub;
  node->right = right;
  return node;
}

// NAME ('.' NAME)*
Expr* Parser::attribute_name() {
  int start = pos_;
  auto* first = make_node<Name>(arena_, span_of(peek()));
  first->id = accept_name();
  if (!first->id) return nullptr;
  Expr* e = first;
  while (at(Tok::Dot)) {
    int mark = pos_++;
    const Identifier* name = accept_name();
    if (!name) {
      pos_ = mark;
      break;
    }
    auto* node = make_node<Attribute>(arena_, span_from(start));
    node->value = e;
    node->attr = name;
    e = node;
  }
  return e;
}

// Capture, wildcard, value or class pattern.
Pattern* Parser::name_pattern() {
  int start = pos_;
  Tok next = type_at(1);
  if (next != Tok::Dot && next != Tok::LeftParen && next != Tok::Equal) {
    bool wildcard = at_soft("_");
    auto* node = make_node<MatchAs>(arena_, span_of(peek()));
    const Identifier* name = accept_name();
    if (!wildcard) node->name = name;
    return node;
  }
  if (next == Tok::Equal && at_soft("_")) {
    auto* node = make_node<MatchAs>(arena_, span_of(peek()));
    pos_++;
    return node;
  }
  Expr* e = attribute_name();
  if (!e) return nullptr;
  if (at(Tok::LeftParen)) return class_pattern(e, start);
  if (e->kind == ExprKind::Name || at(Tok::Dot) || at(Tok::Equal)) return nullptr;
  auto* node = make_node<MatchValue>(arena_, span_from(start));
  node->value = e;
  return node;
}

Pattern* Parser::group_or_sequence() {
  int start = pos_++;
  Vec<Pattern*> items(arena_);
  if (!at(Tok::RightParen)) {
    Pattern* first = maybe_star_pattern();
    if (!first) return nullptr;
    if (accept(Tok::RightParen)) return first->kind == PatternKind::MatchStar ? nullptr : first;
    if (!accept(Tok::Comma)) return nullptr;
    items.push(first);
    if (!sequence_items(&items)) return nullptr;
  }
  if (!accept(Tok::RightParen)) return nullptr;
  auto* node = make_node<MatchSequence>(arena_, span_from(start));
  node->patterns = items.seq();
  return node;
}

Pattern* Parser::list_pattern() {
  int start = pos_++;
  Vec<Pattern*> items(arena_);
  if (!sequence_items(&items) || !accept(Tok::RightBracket)) return nullptr;
  auto* node = make_node<MatchSequence>(arena_, span_from(start));
  node->patterns = items.seq();
  return node;
}

Expr* Parser::mapping_key() {
  switch (type()) {
    case Tok::Number:
    case Tok::Minus: return number_expression();
    case Tok::String: return strings();
    case Tok::KwNone: return name_constant(ConstantKind::None);
    case Tok::KwTrue: return name_constant(ConstantKind::True);
    case Tok::KwFalse: return name_constant(ConstantKind::False);
    case Tok::Name: {
      if (type_at(1) != Tok::Dot) return nullptr;
      Expr* e = attribute_name();
      return e && e->kind == ExprKind::Attribute ? e : nullptr;
    }
    default: return nullptr;
  }
}

Pattern* Parser::mapping_pattern() {
  int start = pos_++;
  Vec<Expr*> keys(arena_);
  Vec<Pattern*> values(arena_);
  const Identifier* rest = nullptr;
  while (!at(Tok::RightBrace)) {
    if (accept(Tok::DoubleStar)) {
      rest = capture_target();
      if (!rest) return nullptr;
      accept(Tok::Comma);
      break;
    }
    Expr* key = mapping_key();
    if (!key || !accept(Tok::Colon)) return nullptr;
    Pattern* value = pattern();
    if (!value) return nullptr;
    keys.push(key);
    values.push(value);
    if (!accept(Tok::Comma)) break;
  }
  if (!accept(Tok::RightBrace)) return nullptr;
  auto* node = make_node<MatchMapping>(arena_, span_from(start));
  node->keys = keys.seq();
  node->patterns = values.seq();
  node->rest = rest;
  return node;
}

Pattern* Parser::class_pattern(Expr* cls, int start) {
  pos_++;
  Vec<Pattern*> positional(arena_), values(arena_);
  Vec<const Identifier*> names(arena_);
  while (!at(Tok::RightParen)) {
    if (at(Tok::Name) && type_at(1) == Tok::Equal) {
      const Identifier* name = accept_name();
      pos_++;
      Pattern* value = pattern();
      if (!value) return nullptr;
      names.push(name);
      values.push(value);
    } else if (names.empty()) {
      Pattern* item = pattern();
      if (!item) return nullptr;
      positional.push(item);
    } else {
      // Positional after keyword patterns.
      if (!invalid_) return nullptr;
      Pattern* first = pattern();
      if (!first) return nullptr;
      Pattern* end = first;
      while (at(Tok::Comma)) {
        pos_++;
        if (at(Tok::Name) && type_at(1) == Tok::Equal) break;
        Pattern* item = pattern();
        if (failed()) return nullptr;
        if (!item) break;
        end = item;
      }
      return raise_range(first->span, end->span, "positional patterns follow keyword patterns");
    }
    if (!accept(Tok::Comma)) break;
  }
  if (!accept(Tok::RightParen)) return nullptr;
  auto* node = make_node<MatchClass>(arena_, span_from(start));
  node->cls = cls;
  node->patterns = positional.seq();
  node->kwd_attrs = names.seq();
  node->kwd_patterns = values.seq();
  return node;
}

}  // namespace pt::syntax
