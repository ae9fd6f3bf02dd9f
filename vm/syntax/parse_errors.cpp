// Known mistakes. Each of these rules describes text that is wrong in a way that deserves a message of its
// own; they run in the second pass only.
#include "vm/syntax/parser.h"

namespace pt::syntax {

const char* expression_name(const Expr* e) {
  switch (e->kind) {
    case ExprKind::Attribute: return "attribute";
    case ExprKind::Subscript: return "subscript";
    case ExprKind::Starred: return "starred";
    case ExprKind::Name: return "name";
    case ExprKind::List: return "list";
    case ExprKind::Tuple: return "tuple";
    case ExprKind::Lambda: return "lambda";
    case ExprKind::Call: return "function call";
    case ExprKind::BoolOp:
    case ExprKind::BinOp:
    case ExprKind::UnaryOp: return "expression";
    case ExprKind::GeneratorExp: return "generator expression";
    case ExprKind::Yield:
    case ExprKind::YieldFrom: return "yield expression";
    case ExprKind::Await: return "await expression";
    case ExprKind::ListComp: return "list comprehension";
    case ExprKind::SetComp: return "set comprehension";
    case ExprKind::DictComp: return "dict comprehension";
    case ExprKind::Dict: return "dict literal";
    case ExprKind::Set: return "set display";
    case ExprKind::JoinedStr:
    case ExprKind::FormattedValue: return "f-string expression";
    case ExprKind::Compare: return "comparison";
    case ExprKind::IfExp: return "conditional expression";
    case ExprKind::NamedExpr: return "named expression";
    case ExprKind::Slice: return "slice";
    case ExprKind::Constant:
      switch (as<Constant>(e)->value.kind) {
        case ConstantKind::None: return "None";
        case ConstantKind::True: return "True";
        case ConstantKind::False: return "False";
        case ConstantKind::Ellipsis: return "ellipsis";
        default: return "literal";
      }
  }
  return "expression";
}

bool Parser::is_legacy_statement(const Expr* e) {
  auto* name = try_as<Name>(e);
  return name && (name->id->view() == "print" || name->id->view() == "exec");
}

// The part of a target that is none.
Expr* Parser::find_invalid_target(Expr* e, TargetKind kind) {
  auto first_of = [&](Seq<Expr*> elts) -> Expr* {
    for (Expr* elt : elts)
      if (Expr* found = find_invalid_target(elt, kind)) return found;
    return nullptr;
  };
  switch (e->kind) {
    case ExprKind::Name:
    case ExprKind::Subscript:
    case ExprKind::Attribute: return nullptr;
    case ExprKind::Tuple: return first_of(as<Tuple>(e)->elts);
    case ExprKind::List: return first_of(as<List>(e)->elts);
    case ExprKind::Starred: return kind == TargetKind::Del ? e : find_invalid_target(as<Starred>(e)->value, kind);
    case ExprKind::Compare:
      // `for a in b` reads `a in b` as a comparison.
      if (kind != TargetKind::For) return e;
      return as<Compare>(e)->ops[0] == CompareOperator::In ? find_invalid_target(as<Compare>(e)->left, kind) : nullptr;
    default: return e;
  }
}

void Parser::invalid_target(Expr* e, TargetKind kind) {
  if (Expr* bad = find_invalid_target(e, kind))
    raise_at(bad, kind == TargetKind::Del ? "cannot delete " : "cannot assign to ", expression_name(bad));
}

// Any beginning of a soft keyword counts as one here: a message about `m x` could mean a match statement half
// typed.
static bool begins_soft_keyword(std::string_view name) {
  return name == "_" || std::string_view("match").starts_with(name) || std::string_view("case").starts_with(name);
}

// Two expressions side by side, or a conditional expression without else.
void Parser::invalid_expression() {
  int start = pos_;
  bool skip = at(Tok::Name) && (begins_soft_keyword(peek().text()) || type_at(1) == Tok::String);
  Expr* first = nullptr;
  if (!skip) {
    first = disjunction();
    if (failed()) return;
    if (first) {
      Expr* second = expression_without_invalid();
      if (failed()) return;
      if (second && !is_legacy_statement(first) && tokens_[pos_ - 1].level != 0) {
        raise_range(first->span, second->span, "invalid syntax. Perhaps you forgot a comma?");
        return;
      }
    }
  }
  pos_ = start;
  first = disjunction();
  if (!first || !accept(Tok::KwIf)) return;
  Expr* test = disjunction();
  if (!test || at(Tok::KwElse) || at(Tok::Colon)) return;
  raise_range(first->span, test->span, "expected 'else' after 'if' expression");
}

// print x
void Parser::invalid_legacy_expression() {
  if (!at(Tok::Name) || type_at(1) == Tok::LeftParen) return;
  int start = pos_;
  std::string_view name = peek().text();
  Span span = span_of(peek());
  pos_ = start + 1;
  Expr* rest = star_expressions();
  if (!rest || (name != "print" && name != "exec")) return;
  Message message(arena_);
  message << "Missing parentheses in call to '" << name << "'. Did you mean " << name << "(...)?";
  raise_range(span, rest->span, message.finish());
}

// '=' where an expression is wanted
void Parser::invalid_named_expression() {
  void* known;
  if (recall(Rule::InvalidNamedExpression, &known)) return;
  int start = pos_;
  Expr* e = expression();
  if (failed()) return;
  if (e && accept(Tok::ColonEqual)) {
    if (expression()) raise_at(e, "cannot use assignment expressions with ", expression_name(e));
    if (failed()) return;
  }
  pos_ = start;
  auto no_more_assignment = [&] { return !at(Tok::Equal) && !at(Tok::ColonEqual); };
  if (at(Tok::Name) && type_at(1) == Tok::Equal) {
    Span span = span_of(peek());
    pos_ += 2;
    Expr* value = bitwise_or();
    if (failed()) return;
    if (value && no_more_assignment()) {
      raise_range(span, value->span, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
      return;
    }
  }
  pos_ = start;
  bool excluded = at(Tok::KwTrue) || at(Tok::KwNone) || at(Tok::KwFalse);
  if (at(Tok::LeftParen) || at(Tok::LeftBracket)) {
    e = atom();
    if (failed()) return;
    excluded = e && spans_tokens(e, start) &&
               (e->kind == ExprKind::List || e->kind == ExprKind::Tuple || e->kind == ExprKind::GeneratorExp);
    pos_ = start;
  }
  if (!excluded) {
    e = bitwise_or();
    if (failed()) return;
    if (e && accept(Tok::Equal)) {
      Expr* value = bitwise_or();
      if (failed()) return;
      if (value && no_more_assignment()) {
        raise_at(e, "cannot assign to ", expression_name(e), " here. Maybe you meant '==' instead of '='?");
        return;
      }
    }
  }
  pos_ = start;
  remember(Rule::InvalidNamedExpression, start, nullptr);
}

Expr* Parser::invalid_annotation_target() {
  if (at(Tok::LeftBracket) || at(Tok::LeftParen)) {
    int start = pos_;
    Expr* e = atom();
    if (failed()) return nullptr;
    if (e && spans_tokens(e, start) && (e->kind == ExprKind::List || e->kind == ExprKind::Tuple)) return e;
    pos_ = start;
    if (accept(Tok::LeftParen)) {
      e = invalid_annotation_target();
      if (e && accept(Tok::RightParen)) return e;
    }
  }
  return nullptr;
}

void Parser::invalid_assignment() {
  int start = pos_;
  Expr* e = invalid_annotation_target();
  if (failed()) return;
  if (e && accept(Tok::Colon)) {
    if (expression()) raise_at(e, "only single target (not ", expression_name(e), ") can be annotated");
    if (failed()) return;
  }
  pos_ = start;
  e = star_named_expression();
  if (failed()) return;
  if (e && accept(Tok::Comma)) {
    // Any number of lists, one after the other.
    for (bool more = true; more;) {
      Vec<Expr*> rest(arena_);
      int mark = pos_;
      more = star_named_expressions(&rest);
      if (failed()) return;
      if (!more) pos_ = mark;
    }
    if (accept(Tok::Colon)) {
      if (expression()) raise_at(e, "only single target (not tuple) can be annotated");
      if (failed()) return;
    }
  }
  pos_ = start;
  e = expression();
  if (failed()) return;
  if (e && accept(Tok::Colon)) {
    if (expression()) raise_at(e, "illegal target for annotation");
    if (failed()) return;
  }
  pos_ = start;
  int mark;
  for (;;) {
    mark = pos_;
    e = star_targets();
    if (failed()) return;
    if (!e || !accept(Tok::Equal)) break;
  }
  pos_ = mark;
  e = star_expressions();
  if (failed()) return;
  if (e && at(Tok::Equal)) {
    invalid_target(e, TargetKind::Star);
    if (failed()) return;
  }
  pos_ = mark;
  if (at(Tok::KwYield)) {
    e = yield_expression();
    if (failed()) return;
    if (e && at(Tok::Equal)) {
      raise_at(e, "assignment to yield expression not possible");
      return;
    }
  }
  pos_ = start;
  e = star_expressions();
  if (!e) return;
  switch (type()) {
    case Tok::PlusEqual:
    case Tok::MinusEqual:
    case Tok::StarEqual:
    case Tok::AtEqual:
    case Tok::SlashEqual:
    case Tok::PercentEqual:
    case Tok::AmperEqual:
    case Tok::BarEqual:
    case Tok::CircumflexEqual:
    case Tok::LeftShiftEqual:
    case Tok::RightShiftEqual:
    case Tok::DoubleStarEqual:
    case Tok::DoubleSlashEqual: break;
    default: return;
  }
  pos_++;
  if (annotated_rhs()) raise_at(e, "'", expression_name(e), "' is an illegal expression for augmented assignment");
}

static const Span& last_of(Seq<Comprehension*> clauses) {
  const Comprehension* clause = clauses.back();
  return clause->ifs.empty() ? clause->iter->span : clause->ifs.back()->span;
}

void Parser::invalid_arguments() {
  int start = pos_;
  Call* list = args(nullptr);
  if (failed()) return;
  if (list && accept(Tok::Comma) && at(Tok::Star)) {
    raise_range(list->span, list->span, "iterable argument unpacking follows keyword argument unpacking");
    return;
  }
  pos_ = start;
  Expr* e = expression();
  if (failed()) return;
  if (e) {
    Seq<Comprehension*> clauses = comprehension_clauses();
    if (failed()) return;
    if (!clauses.empty() && accept(Tok::Comma)) {
      int mark = pos_;
      if (!args(nullptr)) {
        if (failed()) return;
        pos_ = mark;
        if (expression()) comprehension_clauses();
      }
      if (failed()) return;
      raise_range(e->span, last_of(clauses), "Generator expression must be parenthesized");
      return;
    }
  }
  pos_ = start;
  if (at(Tok::Name) && type_at(1) == Tok::Equal) {
    Span from = span_of(tokens_[pos_]), to = span_of(tokens_[pos_ + 1]);
    pos_ += 2;
    e = expression();
    if (failed()) return;
    if (e && !comprehension_clauses().empty())
      raise_range(from, to, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    if (failed()) return;
  }
  pos_ = start;
  list = args(nullptr);
  if (failed()) return;
  if (list) {
    Seq<Comprehension*> clauses = comprehension_clauses();
    if (failed()) return;
    if (!clauses.empty() && list->args.size > 1) {
      raise_range(list->args.back()->span, last_of(clauses), "Generator expression must be parenthesized");
      return;
    }
  }
  pos_ = start;
  list = args(nullptr);
  if (failed()) return;
  if (!list || !accept(Tok::Comma)) return;
  int mark = pos_;
  e = expression();
  if (failed()) return;
  if (e) {
    Seq<Comprehension*> clauses = comprehension_clauses();
    if (failed()) return;
    if (!clauses.empty()) {
      raise_range(e->span, clauses.back()->target->span, "Generator expression must be parenthesized");
      return;
    }
  }
  pos_ = mark;
  if (!args(nullptr) || failed()) return;
  bool unpacking = false;
  for (Keyword* keyword : list->keywords) unpacking = unpacking || !keyword->arg;
  raise(unpacking ? "positional argument follows keyword argument unpacking" : "positional argument follows keyword argument");
}

void Parser::invalid_keyword_argument() {
  int start = pos_;
  if ((at(Tok::KwTrue) || at(Tok::KwFalse) || at(Tok::KwNone)) && type_at(1) == Tok::Equal) {
    Message message(arena_);
    message << "cannot assign to " << tokens_[pos_].text();
    raise_range(span_of(tokens_[pos_]), span_of(tokens_[pos_ + 1]), message.finish());
    return;
  }
  if (at(Tok::Name) && type_at(1) == Tok::Equal) {
    Span from = span_of(tokens_[pos_]), to = span_of(tokens_[pos_ + 1]);
    pos_ += 2;
    Expr* value = expression();
    if (failed()) return;
    if (value && !comprehension_clauses().empty() && !failed())
      raise_range(from, to, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    pos_ = start;
    return;
  }
  Expr* e = expression();
  if (failed()) return;
  if (e && at(Tok::Equal))
    raise_range(e->span, span_of(peek()), "expression cannot contain assignment, perhaps you meant \"==\"?");
}

// At the opening bracket.
void Parser::invalid_comprehension(Tok opening) {
  int inside = ++pos_;
  if (at(Tok::Star)) {
    Expr* e = starred(&Parser::expression);
    if (failed()) return;
    if (e && !comprehension_clauses().empty() && !failed()) {
      raise_at(e, "iterable unpacking cannot be used in comprehension");
      return;
    }
    if (failed()) return;
  }
  if (opening == Tok::LeftParen) return;
  pos_ = inside;
  Expr* first = star_named_expression();
  if (failed() || !first || !at(Tok::Comma)) return;
  Span comma = span_of(peek());
  int mark = ++pos_;
  Vec<Expr*> rest(arena_);
  star_named_expressions(&rest);
  if (failed()) return;
  if (!rest.empty()) {
    bool found = !comprehension_clauses().empty();
    if (failed()) return;
    if (found) {
      raise_range(first->span, rest.back()->span, "did you forget parentheses around the comprehension target?");
      return;
    }
  }
  pos_ = mark;
  if (!comprehension_clauses().empty() && !failed())
    raise_range(first->span, comma, "did you forget parentheses around the comprehension target?");
}

void Parser::invalid_dict_comprehension() {
  pos_++;
  if (!at(Tok::DoubleStar)) return;
  Span span = span_of(peek());
  pos_++;
  if (bitwise_or() && !comprehension_clauses().empty() && !failed() && accept(Tok::RightBrace))
    raise_range(span, span, "dict unpacking cannot be used in dict comprehension");
}

// A dict's pair without its colon or value.
void Parser::invalid_double_starred_pairs() {
  int start = pos_;
  auto bad_value = [&] {
    if (!at(Tok::Colon)) return;
    Span colon = span_of(peek());
    pos_++;
    if (at(Tok::Star)) {
      Span star = span_of(peek());
      pos_++;
      if (bitwise_or()) raise_from(star, "cannot use a starred expression in a dictionary value");
    } else if (at(Tok::RightBrace) || at(Tok::Comma)) {
      raise_range(colon, colon, "expression expected after dictionary key and ':'");
    }
  };
  Vec<Expr*> keys(arena_), values(arena_);
  bool pairs = double_starred_pairs(&keys, &values);
  if (failed()) return;
  if (pairs && tokens_[pos_ - 1].type == Tok::Comma) {
    Expr* key = expression();
    if (failed()) return;
    if (key) {
      if (!at(Tok::Colon)) {
        raise_location(ErrorKind::SyntaxError, key->span.line, key->span.end_col, key->span.end_line, 0,
                       text_of("':' expected after dictionary key"));
        return;
      }
      bad_value();
      if (failed()) return;
    }
  }
  pos_ = start;
  if (expression()) bad_value();
}

void Parser::invalid_group() {
  pos_++;
  if (at(Tok::Star)) {
    Expr* e = starred(&Parser::expression);
    if (e && at(Tok::RightParen)) raise_at(e, "cannot use starred expression here");
  } else if (at(Tok::DoubleStar)) {
    Span span = span_of(peek());
    pos_++;
    if (expression() && at(Tok::RightParen)) raise_range(span, span, "cannot use double starred expression here");
  }
}

// At [async] for.
void Parser::invalid_for_target() {
  accept(Tok::KwAsync);
  if (!accept(Tok::KwFor)) return;
  Expr* e = star_expressions();
  if (e) invalid_target(e, TargetKind::For);
}

bool Parser::parameter_end(bool is_lambda) { return accept(Tok::Comma) || at(is_lambda ? Tok::Colon : Tok::RightParen); }

// NAME [annotation] and a comma or the end; *token is the name's.
bool Parser::param_no_default(bool is_lambda, int* token) {
  int start = pos_;
  if (parameter(is_lambda, false) && parameter_end(is_lambda)) {
    if (token) *token = start;
    return true;
  }
  pos_ = start;
  return false;
}

bool Parser::param_with_default(bool is_lambda) {
  int start = pos_;
  if (parameter(is_lambda, false) && at(Tok::Equal)) {
    int mark = pos_++;
    bool good = expression() != nullptr;
    if (failed()) return false;
    if (!good) {
      pos_ = mark;
      invalid_default();
      if (failed()) return false;
    }
    if (good && parameter_end(is_lambda)) return true;
  }
  pos_ = start;
  return false;
}

bool Parser::param_maybe_default(bool is_lambda) {
  return param_no_default(is_lambda, nullptr) || (!failed() && param_with_default(is_lambda));
}

bool Parser::slash_no_default(bool is_lambda) {
  int start = pos_;
  bool any = false;
  while (param_no_default(is_lambda, nullptr)) any = true;
  if (any && accept(Tok::Slash) && parameter_end(is_lambda)) return true;
  pos_ = start;
  return false;
}

bool Parser::slash_with_default(bool is_lambda) {
  int start = pos_;
  while (param_no_default(is_lambda, nullptr)) {
  }
  bool any = false;
  while (!failed() && param_with_default(is_lambda)) any = true;
  if (any && !failed() && accept(Tok::Slash) && parameter_end(is_lambda)) return true;
  pos_ = start;
  return false;
}

void Parser::invalid_default() {
  Span span = span_of(peek());
  Tok next = type_at(1);
  if (next == Tok::RightParen || next == Tok::Comma) raise_range(span, span, "expected default value expression");
}

void Parser::invalid_parameters(bool is_lambda) {
  int start = pos_;
  auto no_defaults = [&] {
    bool any = false;
    while (param_no_default(is_lambda, nullptr)) any = true;
    return any;
  };
  auto maybe_defaults = [&] {
    bool any = false;
    while (!failed() && param_maybe_default(is_lambda)) any = true;
    return any;
  };
  no_defaults();
  bool helper = slash_with_default(is_lambda);
  if (failed()) return;
  if (!helper)
    while (!failed() && param_with_default(is_lambda)) helper = true;
  if (failed()) return;
  if (helper) {
    int bad = pos_;
    Arg* arg = parameter(is_lambda, false);
    if (failed()) return;
    if (arg && parameter_end(is_lambda)) {
      raise_range(arg->span, arg->span, "non-default argument follows default argument");
      return;
    }
    pos_ = bad;
  }
  pos_ = start;
  no_defaults();
  if (at(Tok::LeftParen)) {
    Span open = span_of(peek());
    pos_++;
    bool any = false;
    if (is_lambda) {
      while (parameter(true, false)) {
        any = true;
        if (!at(Tok::Comma)) break;
        if (type_at(1) != Tok::Name) break;
        pos_++;
      }
    } else {
      any = no_defaults();
    }
    if (failed()) return;
    if (any) {
      accept(Tok::Comma);
      if (at(Tok::RightParen)) {
        raise_range(
            open, span_of(peek()),
            is_lambda ? "Lambda expression parameters cannot be parenthesized" : "Function parameters cannot be parenthesized");
        return;
      }
    }
  }
  pos_ = start;
  if (at(Tok::Slash) && type_at(1) == Tok::Comma) {
    raise_at(peek(), "at least one argument must precede /");
    return;
  }
  auto slash = [&] { return slash_no_default(is_lambda) || (!failed() && slash_with_default(is_lambda)); };
  if (slash()) {
    maybe_defaults();
    if (failed()) return;
    if (at(Tok::Slash)) {
      raise_at(peek(), "/ may appear only once");
      return;
    }
  }
  if (failed()) return;
  pos_ = start;
  slash();
  if (!failed()) maybe_defaults();
  if (failed()) return;
  if (accept(Tok::Star)) {
    if (accept(Tok::Comma) || param_no_default(is_lambda, nullptr)) {
      maybe_defaults();
      if (failed()) return;
      if (at(Tok::Slash)) {
        raise_at(peek(), "/ must be ahead of *");
        return;
      }
    }
    if (failed()) return;
  }
  pos_ = start;
  bool any = maybe_defaults();
  if (failed()) return;
  if (any && accept(Tok::Slash) && at(Tok::Star)) raise_at(peek(), "expected comma between / and *");
}

// At the star.
void Parser::invalid_star_etc(bool is_lambda) {
  Tok close = is_lambda ? Tok::Colon : Tok::RightParen;
  Span star = span_of(peek());
  int inside = ++pos_;
  bool bare = at(close);
  if (!bare && accept(Tok::Comma)) bare = at(close) || at(Tok::DoubleStar);
  if (bare) {
    if (is_lambda)
      raise("named arguments must follow bare *");
    else
      raise_range(star, star, "named arguments must follow bare *");
    return;
  }
  if (!is_lambda && pos_ > inside && at(Tok::TypeComment)) {
    raise("bare * has associated type comment");
    return;
  }
  pos_ = inside;
  if (parameter(is_lambda, false) && at(Tok::Equal)) {
    raise_at(peek(), "var-positional argument cannot have default value");
    return;
  }
  if (failed()) return;
  pos_ = inside;
  if (!param_no_default(is_lambda, nullptr) && !accept(Tok::Comma)) return;
  while (!failed() && param_maybe_default(is_lambda)) {
  }
  if (failed() || !at(Tok::Star)) return;
  Span second = span_of(peek());
  pos_++;
  if (param_no_default(is_lambda, nullptr) || at(Tok::Comma)) raise_range(second, second, "* argument may appear only once");
}

// At the double star.
void Parser::invalid_keywords(bool is_lambda) {
  pos_++;
  if (!parameter(is_lambda, false)) return;
  if (at(Tok::Equal)) {
    raise_at(peek(), "var-keyword argument cannot have default value");
    return;
  }
  if (!accept(Tok::Comma)) return;
  if (at(Tok::Star) || at(Tok::DoubleStar) || at(Tok::Slash)) {
    raise_at(peek(), "arguments cannot follow var-keyword argument");
    return;
  }
  Arg* arg = parameter(is_lambda, false);
  if (arg) raise_range(arg->span, arg->span, "arguments cannot follow var-keyword argument");
}

}  // namespace pt::syntax
