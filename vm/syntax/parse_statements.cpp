// Statements.
#include "vm/syntax/parser.h"

namespace pt::syntax {

bool Parser::statements(Vec<Stmt*>* out) {
  while (!at(Tok::EndMarker) && !at(Tok::Dedent)) {
    int mark = pos_;
    if (!statement(out)) {
      if (failed()) return false;
      pos_ = mark;
      break;
    }
  }
  return !out->empty();
}

bool Parser::statement(Vec<Stmt*>* out) {
  bool is_compound = false;
  int start = pos_;
  Stmt* compound = compound_statement(&is_compound);
  if (compound) {
    out->push(compound);
    return true;
  }
  if (failed() || is_compound) return false;
  pos_ = start;
  return simple_statements(out);
}

// Null with *is_compound where the statement begins as a compound one must and is wrong.
Stmt* Parser::compound_statement(bool* is_compound) {
  *is_compound = true;
  int start = pos_;
  switch (type()) {
    case Tok::KwDef: return function_def(start, {}, false);
    case Tok::KwIf: return if_statement();
    case Tok::KwClass: return class_def({});
    case Tok::KwWith: return with_statement(start, false);
    case Tok::KwFor: return for_statement(start, false);
    case Tok::KwTry: return try_statement();
    case Tok::KwWhile: return while_statement();
    case Tok::At: return decorated();
    case Tok::KwAsync:
      switch (type_at(1)) {
        case Tok::KwDef: pos_++; return function_def(start, {}, true);
        case Tok::KwWith: pos_++; return with_statement(start, true);
        case Tok::KwFor: pos_++; return for_statement(start, true);
        default: return nullptr;
      }
    case Tok::Name: *is_compound = false; return at_soft("match") ? match_statement() : nullptr;
    default: *is_compound = false; return nullptr;
  }
}

bool Parser::simple_statements(Vec<Stmt*>* out) {
  uint32_t first = out->size();
  int mark = pos_;
  for (;;) {
    Stmt* node = simple_statement();
    if (!node) {
      if (failed() || out->size() == first) return false;
      pos_ = mark;
      break;
    }
    out->push(node);
    if (!at(Tok::Semicolon)) break;
    mark = ++pos_;
    if (at(Tok::Newline)) break;
  }
  if (accept(Tok::Newline)) return true;
  while (out->size() > first) out->pop();
  return false;
}

Stmt* Parser::simple_statement() {
  if (!second_pass_) return simple_statement_body();
  Stmt* node;
  if (recall(Rule::SimpleStatement, &node)) return node;
  int start = pos_;
  return static_cast<Stmt*>(remember(Rule::SimpleStatement, start, simple_statement_body()));
}

Stmt* Parser::simple_statement_body() {
  int start = pos_;
  if (invalid_) {
    // Every statement may be an assignment at first: that finds mistakes such as a wrong target.
    Stmt* node = expression_statement_checked();
    if (node || failed()) return node;
    pos_ = start;
  }
  auto word = [&](auto* node) -> Stmt* { return node; };
  switch (type()) {
    case Tok::KwReturn: return return_statement();
    case Tok::KwImport: return import_name();
    case Tok::KwFrom: return import_from();
    case Tok::KwRaise: return raise_statement();
    case Tok::KwPass: pos_++; return word(make_node<Pass>(arena_, span_from(start)));
    case Tok::KwBreak: pos_++; return word(make_node<Break>(arena_, span_from(start)));
    case Tok::KwContinue: pos_++; return word(make_node<Continue>(arena_, span_from(start)));
    case Tok::KwDel: return del_statement();
    case Tok::KwAssert: return assert_statement();
    case Tok::KwGlobal: return names_statement(true);
    case Tok::KwNonlocal: return names_statement(false);
    case Tok::KwYield: {
      Expr* value = yield_expression();
      if (!value) return nullptr;
      auto* node = make_node<ExprStmt>(arena_, span_from(start));
      node->value = value;
      return node;
    }
    default: return second_pass_ && invalid_ ? nullptr : expression_statement();
  }
}

static bool augmented_operator(Tok type, BinaryOperator* op) {
  switch (type) {
    case Tok::PlusEqual: *op = BinaryOperator::Add; return true;
    case Tok::MinusEqual: *op = BinaryOperator::Sub; return true;
    case Tok::StarEqual: *op = BinaryOperator::Mult; return true;
    case Tok::AtEqual: *op = BinaryOperator::MatMult; return true;
    case Tok::SlashEqual: *op = BinaryOperator::Div; return true;
    case Tok::PercentEqual: *op = BinaryOperator::Mod; return true;
    case Tok::AmperEqual: *op = BinaryOperator::BitAnd; return true;
    case Tok::BarEqual: *op = BinaryOperator::BitOr; return true;
    case Tok::CircumflexEqual: *op = BinaryOperator::BitXor; return true;
    case Tok::LeftShiftEqual: *op = BinaryOperator::LShift; return true;
    case Tok::RightShiftEqual: *op = BinaryOperator::RShift; return true;
    case Tok::DoubleStarEqual: *op = BinaryOperator::Pow; return true;
    case Tok::DoubleSlashEqual: *op = BinaryOperator::FloorDiv; return true;
    default: return false;
  }
}

Expr* Parser::annotated_rhs() { return at(Tok::KwYield) ? yield_expression() : star_expressions(); }

// ':' expression ['=' annotated_rhs], at the colon
Stmt* Parser::annotated(Expr* target, int start, bool simple) {
  pos_++;
  Expr* annotation = expression();
  if (!annotation) return nullptr;
  Expr* value = nullptr;
  if (at(Tok::Equal)) {
    int mark = pos_++;
    value = annotated_rhs();
    if (failed()) return nullptr;
    if (!value) pos_ = mark;
  }
  auto* node = make_node<AnnAssign>(arena_, span_from(start));
  node->target = target;
  node->annotation = annotation;
  node->value = value;
  node->simple = simple;
  return node;
}

// operator rhs, at the operator
Stmt* Parser::augmented(Expr* target, int start) {
  BinaryOperator op = BinaryOperator::Add;
  augmented_operator(type(), &op);
  pos_++;
  Expr* value = annotated_rhs();
  if (!value) return nullptr;
  auto* node = make_node<AugAssign>(arena_, span_from(start));
  node->target = target;
  node->op = op;
  node->value = value;
  return node;
}

// An expression, or an assignment of any kind: what follows the first expression tells.
Stmt* Parser::expression_statement() {
  int start = pos_;
  Expr* first = star_expressions();
  if (!first) return nullptr;
  BinaryOperator op;
  switch (type()) {
    case Tok::Newline: break;
    case Tok::Equal: {
      Vec<Expr*> targets(arena_);
      Expr* value = first;
      while (at(Tok::Equal)) {
        if (!make_target(value, TargetKind::Star, true)) return nullptr;
        targets.push(value);
        pos_++;
        if (at(Tok::KwYield)) {
          value = yield_expression();
          if (!value || at(Tok::Equal)) return nullptr;
          break;
        }
        value = star_expressions();
        if (!value) return nullptr;
      }
      String* comment = type_comment();
      auto* node = make_node<Assign>(arena_, span_from(start));
      node->targets = targets.seq();
      node->value = value;
      node->type_comment = comment;
      return node;
    }
    case Tok::Colon: {
      bool plain = spans_tokens(first, start);
      if (!is_single_target(first)) return nullptr;
      make_target(first, TargetKind::Star, false);
      return annotated(first, start, first->kind == ExprKind::Name && plain);
    }
    default:
      if (augmented_operator(type(), &op)) {
        if (!is_single_target(first)) return nullptr;
        make_target(first, TargetKind::Star, false);
        return augmented(first, start);
      }
  }
  auto* node = make_node<ExprStmt>(arena_, span_from(start));
  node->value = first;
  return node;
}

// The same in the order of the grammar's alternatives, with the known mistakes of assignments.
Stmt* Parser::expression_statement_checked() {
  int start = pos_;
  if (at(Tok::Name) && type_at(1) == Tok::Colon) {
    Expr* target = primary();
    if (target && at(Tok::Colon)) {
      make_target(target, TargetKind::Star, false);
      Stmt* node = annotated(target, start, true);
      if (node || failed()) return node;
    }
  }
  pos_ = start;
  Expr* target = nullptr;
  if (accept(Tok::LeftParen)) {
    target = single_target();
    if (failed()) return nullptr;
    if (target && !accept(Tok::RightParen)) target = nullptr;
    if (target && !at(Tok::Colon)) target = nullptr;
  }
  if (!target) {
    pos_ = start;
    target = single_subscript_attribute_target();
    if (failed()) return nullptr;
  }
  if (target && at(Tok::Colon)) {
    Stmt* node = annotated(target, start, false);
    if (node || failed()) return node;
  }
  pos_ = start;
  Vec<Expr*> targets(arena_);
  for (;;) {
    int mark = pos_;
    Expr* e = star_targets();
    if (failed()) return nullptr;
    if (!e || !accept(Tok::Equal)) {
      pos_ = mark;
      break;
    }
    targets.push(e);
  }
  if (!targets.empty()) {
    Expr* value = annotated_rhs();
    if (failed()) return nullptr;
    if (value && !at(Tok::Equal)) {
      String* comment = type_comment();
      auto* node = make_node<Assign>(arena_, span_from(start));
      node->targets = targets.seq();
      node->value = value;
      node->type_comment = comment;
      return node;
    }
  }
  pos_ = start;
  target = single_target();
  if (failed()) return nullptr;
  BinaryOperator op;
  if (target && augmented_operator(type(), &op)) return augmented(target, start);
  pos_ = start;
  invalid_assignment();
  if (failed()) return nullptr;
  pos_ = start;
  Expr* value = star_expressions();
  if (!value) return nullptr;
  auto* node = make_node<ExprStmt>(arena_, span_from(start));
  node->value = value;
  return node;
}

Stmt* Parser::return_statement() {
  int start = pos_++;
  int mark = pos_;
  Expr* value = star_expressions();
  if (failed()) return nullptr;
  if (!value) pos_ = mark;
  auto* node = make_node<Return>(arena_, span_from(start));
  node->value = value;
  return node;
}

const Identifier* Parser::dotted_name() {
  const Identifier* name = accept_name();
  if (!name || !at(Tok::Dot)) return name;
  Message text(arena_);
  text << name->view();
  while (at(Tok::Dot)) {
    int mark = pos_++;
    const Identifier* part = accept_name();
    if (!part) {
      pos_ = mark;
      break;
    }
    text << "." << part->view();
  }
  return arena_.intern(text.finish().view());
}

Stmt* Parser::import_name() {
  int start = pos_++;
  Vec<Alias*> names(arena_);
  do {
    int item = pos_;
    const Identifier* name = dotted_name();
    if (!name) return nullptr;
    const Identifier* alias = nullptr;
    if (accept(Tok::KwAs)) {
      alias = accept_name();
      if (!alias) return nullptr;
    }
    auto* node = make_node<Alias>(arena_, span_from(item));
    node->name = name;
    node->asname = alias;
    names.push(node);
  } while (accept(Tok::Comma));
  auto* node = make_node<Import>(arena_, span_from(start));
  node->names = names.seq();
  return node;
}

// NAME ['as' NAME] and more, up to a comma that none follows.
Seq<Alias*> Parser::import_aliases() {
  Vec<Alias*> names(arena_);
  for (;;) {
    int mark = pos_;
    if (!names.empty() && !accept(Tok::Comma)) break;
    int item = pos_;
    const Identifier* name = accept_name();
    if (!name) {
      pos_ = mark;
      break;
    }
    const Identifier* alias = nullptr;
    if (at(Tok::KwAs)) {
      int as_mark = pos_++;
      alias = accept_name();
      if (!alias) pos_ = as_mark;
    }
    auto* node = make_node<Alias>(arena_, span_from(item));
    node->name = name;
    node->asname = alias;
    names.push(node);
  }
  return names.seq();
}

Stmt* Parser::import_from() {
  int start = pos_++;
  int level = 0;
  while (at(Tok::Dot) || at(Tok::Ellipsis)) {
    level += at(Tok::Dot) ? 1 : 3;
    pos_++;
  }
  const Identifier* module = dotted_name();
  if ((!module && level == 0) || !accept(Tok::KwImport)) return nullptr;
  Seq<Alias*> names;
  int targets = pos_;
  if (accept(Tok::LeftParen)) {
    names = import_aliases();
    if (names.empty()) return nullptr;
    accept(Tok::Comma);
    if (!accept(Tok::RightParen)) return nullptr;
  } else if (at(Tok::Star)) {
    auto* node = make_node<Alias>(arena_, span_of(peek()));
    node->name = arena_.intern("*");
    pos_++;
    Vec<Alias*> star(arena_);
    star.push(node);
    names = star.seq();
  } else {
    names = import_aliases();
    if (names.empty()) return nullptr;
    if (at(Tok::Comma)) {
      if (invalid_ && type_at(1) == Tok::Newline) return raise("trailing comma not allowed without surrounding parentheses");
      pos_ = targets;
      return nullptr;
    }
  }
  auto* node = make_node<ImportFrom>(arena_, span_from(start));
  node->module = module;
  node->names = names;
  node->level = level;
  return node;
}

Stmt* Parser::raise_statement() {
  int start = pos_++;
  int mark = pos_;
  Expr* exc = expression();
  if (failed()) return nullptr;
  Expr* cause = nullptr;
  if (!exc) {
    pos_ = mark;
  } else if (at(Tok::KwFrom)) {
    mark = pos_++;
    cause = expression();
    if (failed()) return nullptr;
    if (!cause) pos_ = mark;
  }
  auto* node = make_node<Raise>(arena_, span_from(start));
  node->exc = exc;
  node->cause = cause;
  return node;
}

Stmt* Parser::del_statement() {
  int start = pos_++;
  Vec<Expr*> targets(arena_);
  for (;;) {
    int mark = pos_;
    Expr* e = primary_target(TargetKind::Del);
    if (failed()) return nullptr;
    if (!e) {
      pos_ = mark;
      break;
    }
    targets.push(e);
    if (!accept(Tok::Comma)) break;
  }
  if (targets.empty() || (!at(Tok::Semicolon) && !at(Tok::Newline))) {
    if (invalid_) {
      pos_ = start + 1;
      Expr* e = star_expressions();
      if (e) invalid_target(e, TargetKind::Del);
    }
    return nullptr;
  }
  auto* node = make_node<Delete>(arena_, span_from(start));
  node->targets = targets.seq();
  return node;
}

Stmt* Parser::assert_statement() {
  int start = pos_++;
  Expr* test = expression();
  if (!test) return nullptr;
  Expr* message = nullptr;
  if (at(Tok::Comma)) {
    int mark = pos_++;
    message = expression();
    if (failed()) return nullptr;
    if (!message) pos_ = mark;
  }
  auto* node = make_node<Assert>(arena_, span_from(start));
  node->test = test;
  node->msg = message;
  return node;
}

Stmt* Parser::names_statement(bool is_global) {
  int start = pos_++;
  Vec<const Identifier*> names(arena_);
  do {
    const Identifier* name = accept_name();
    if (!name) return nullptr;
    names.push(name);
  } while (accept(Tok::Comma));
  if (is_global) {
    auto* node = make_node<Global>(arena_, span_from(start));
    node->names = names.seq();
    return node;
  }
  auto* node = make_node<Nonlocal>(arena_, span_from(start));
  node->names = names.seq();
  return node;
}

// ':', or the error of a header that ends without one.
bool Parser::colon_or_newline() {
  if (accept(Tok::Colon)) return true;
  if (invalid_ && at(Tok::Newline)) raise("expected ':'");
  return false;
}

// NEWLINE INDENT statements DEDENT | simple_stmts. `what` and `line` name the statement whose block it is.
bool Parser::block(Seq<Stmt*>* out, const char* what, int line) {
  int start = pos_;
  if (invalid_ && at(Tok::Newline) && type_at(1) != Tok::Indent && !failed()) {
    raise_block(what, line);
    return false;
  }
  Seq<Stmt*>* known;
  if (second_pass_ && recall(Rule::Block, &known)) {
    if (known) *out = *known;
    return known != nullptr;
  }
  Vec<Stmt*> body(arena_);
  bool good;
  if (accept(Tok::Newline)) {
    good = accept(Tok::Indent) && statements(&body) && accept(Tok::Dedent);
  } else {
    good = simple_statements(&body);
  }
  if (failed()) return false;
  *out = body.seq();
  if (second_pass_) remember(Rule::Block, start, good ? arena_.make<Seq<Stmt*>>(*out) : nullptr);
  return good;
}

Stmt* Parser::decorated() {
  Vec<Expr*> decorators(arena_);
  while (accept(Tok::At)) {
    Expr* e = named_expression();
    if (!e || !accept(Tok::Newline)) return nullptr;
    decorators.push(e);
  }
  int start = pos_;
  if (at(Tok::KwClass)) return class_def(decorators.seq());
  bool is_async = accept(Tok::KwAsync);
  return at(Tok::KwDef) ? function_def(start, decorators.seq(), is_async) : nullptr;
}

Stmt* Parser::function_def(int start, Seq<Expr*> decorators, bool is_async) {
  int line = peek().line;
  pos_++;
  const Identifier* name = accept_name();
  if (!name || !expect_forced(Tok::LeftParen, "(")) return nullptr;
  int mark = pos_;
  Arguments* arguments = nullptr;
  if (!at(Tok::RightParen)) {
    arguments = parameters(false);
    if (failed()) return nullptr;
    if (!arguments) pos_ = mark;
  }
  if (!arguments) arguments = arena_.make<Arguments>();
  if (!accept(Tok::RightParen)) return nullptr;
  Expr* returns = nullptr;
  if (at(Tok::Arrow)) {
    mark = pos_++;
    returns = expression();
    if (failed()) return nullptr;
    if (!returns) pos_ = mark;
  }
  if (!expect_forced(Tok::Colon, ":")) return nullptr;
  String* comment = nullptr;
  if (at(Tok::Newline) && type_at(1) == Tok::TypeComment && type_at(2) == Tok::Newline && type_at(3) == Tok::Indent) {
    pos_++;
    comment = type_comment();
  } else if (at(Tok::TypeComment)) {
    if (type_at(1) == Tok::Newline && type_at(2) == Tok::TypeComment && type_at(3) == Tok::Newline && type_at(4) == Tok::Indent) {
      return raise("Cannot have two type comments on def"), nullptr;
    }
    comment = type_comment();
  }
  Seq<Stmt*> body;
  if (!block(&body, "function definition", line)) return nullptr;
  auto fill_in = [&](auto* node) -> Stmt* {
    node->name = name;
    node->args = arguments;
    node->body = body;
    node->decorator_list = decorators;
    node->returns = returns;
    node->type_comment = comment;
    return node;
  };
  Span span = span_from(start);
  return is_async ? fill_in(make_node<AsyncFunctionDef>(arena_, span)) : fill_in(make_node<FunctionDef>(arena_, span));
}

Stmt* Parser::class_def(Seq<Expr*> decorators) {
  int start = pos_++;
  int line = tokens_[start].line;
  const Identifier* name = accept_name();
  if (!name) return nullptr;
  Call* list = nullptr;
  if (at(Tok::LeftParen)) {
    int mark = ++pos_;
    if (!at(Tok::RightParen)) {
      list = arguments();
      if (failed()) return nullptr;
      if (!list) pos_ = mark;
    }
    if (!accept(Tok::RightParen)) return nullptr;
  }
  if (!colon_or_newline()) return nullptr;
  Seq<Stmt*> body;
  if (!block(&body, "class definition", line)) return nullptr;
  auto* node = make_node<ClassDef>(arena_, span_from(start));
  node->name = name;
  if (list) {
    node->bases = list->args;
    node->keywords = list->keywords;
  }
  node->body = body;
  node->decorator_list = decorators;
  return node;
}

// A chain of elifs becomes nested statements without recursion.
Stmt* Parser::if_statement() {
  struct Branch {
    int start;
    Expr* test;
    Seq<Stmt*> body;
  };
  Vec<Branch> branches(arena_);
  do {
    int start = pos_++;
    Expr* test = named_expression();
    if (!test || !colon_or_newline()) return nullptr;
    Seq<Stmt*> body;
    bool is_elif = !branches.empty();
    if (!block(&body, is_elif ? "'elif' statement" : "'if' statement", tokens_[start].line)) return nullptr;
    branches.push({start, test, body});
  } while (at(Tok::KwElif));
  Seq<Stmt*> orelse;
  if (at(Tok::KwElse) && !else_block(&orelse)) return nullptr;
  Stmt* result = nullptr;
  for (uint32_t i = branches.size(); i-- > 0;) {
    auto* node = make_node<If>(arena_, span_from(branches[i].start));
    node->test = branches[i].test;
    node->body = branches[i].body;
    node->orelse = orelse;
    result = node;
    if (i) orelse = arena_.copy(&result, 1);
  }
  return result;
}

bool Parser::else_block(Seq<Stmt*>* out) {
  int line = peek().line;
  pos_++;
  return expect_forced(Tok::Colon, ":") && block(out, "'else' statement", line);
}

Stmt* Parser::while_statement() {
  int start = pos_++;
  Expr* test = named_expression();
  if (!test || !colon_or_newline()) return nullptr;
  Seq<Stmt*> body, orelse;
  if (!block(&body, "'while' statement", tokens_[start].line)) return nullptr;
  if (at(Tok::KwElse) && !else_block(&orelse)) return nullptr;
  auto* node = make_node<While>(arena_, span_from(start));
  node->test = test;
  node->body = body;
  node->orelse = orelse;
  return node;
}

// The type comment that stands here, or null.
String* Parser::type_comment() {
  if (!at(Tok::TypeComment)) return nullptr;
  std::string_view text = arena_.copy(peek().text());
  pos_++;
  auto* comment = arena_.make<String>();
  *comment = {text.data(), static_cast<uint32_t>(text.size())};
  return comment;
}

Stmt* Parser::for_statement(int start, bool is_async) {
  int line = peek().line;
  pos_++;
  Expr* target = star_targets();
  if (failed()) return nullptr;
  if (!target || !accept(Tok::KwIn)) {
    if (invalid_) {
      pos_ = start;
      invalid_for_target();
    }
    return nullptr;
  }
  Expr* iter = star_expressions();
  if (!iter || !colon_or_newline()) return nullptr;
  String* comment = type_comment();
  Seq<Stmt*> body, orelse;
  if (!block(&body, "'for' statement", line)) return nullptr;
  if (at(Tok::KwElse) && !else_block(&orelse)) return nullptr;
  auto fill_in = [&](auto* node) -> Stmt* {
    node->target = target;
    node->iter = iter;
    node->body = body;
    node->orelse = orelse;
    node->type_comment = comment;
    return node;
  };
  Span span = span_from(start);
  return is_async ? fill_in(make_node<AsyncFor>(arena_, span)) : fill_in(make_node<For>(arena_, span));
}

WithItem* Parser::with_item() {
  int start = pos_;
  Expr* context = expression();
  if (!context) return nullptr;
  Expr* target = nullptr;
  if (at(Tok::KwAs)) {
    int mark = pos_++;
    target = star_target();
    if (failed()) return nullptr;
    if (!target || !(at(Tok::Comma) || at(Tok::RightParen) || at(Tok::Colon))) {
      if (invalid_) {
        pos_ = mark + 1;
        Expr* e = expression();
        if (failed()) return nullptr;
        if (e && (at(Tok::Comma) || at(Tok::RightParen) || at(Tok::Colon))) invalid_target(e, TargetKind::Star);
        if (failed()) return nullptr;
      }
      target = nullptr;
      pos_ = start;
      context = expression();
    }
  }
  auto* node = arena_.make<WithItem>();
  node->context_expr = context;
  node->optional_vars = target;
  return node;
}

// Up to and with the colon.
bool Parser::with_items(bool in_parentheses, Vec<WithItem*>* items) {
  if (in_parentheses && !accept(Tok::LeftParen)) return false;
  for (;;) {
    int mark = pos_;
    WithItem* item = with_item();
    if (failed()) return false;
    if (!item) {
      if (items->empty() || !in_parentheses) return false;
      pos_ = mark;
      break;
    }
    items->push(item);
    if (!accept(Tok::Comma)) break;
  }
  if (in_parentheses && !accept(Tok::RightParen)) return false;
  return accept(Tok::Colon);
}

Stmt* Parser::with_statement(int start, bool is_async) {
  int line = peek().line;
  int inside = ++pos_;
  Vec<WithItem*> items(arena_);
  bool good = at(Tok::LeftParen) && with_items(true, &items);
  if (failed()) return nullptr;
  bool in_parentheses = good;
  if (!good) {
    pos_ = inside;
    items.clear();
    good = with_items(false, &items);
    if (failed()) return nullptr;
  }
  if (!good) {
    if (invalid_) {
      pos_ = inside;
      invalid_with();
    }
    return nullptr;
  }
  if (in_parentheses) lexer_.note_feature("Parenthesized context managers are", 9, line);
  String* comment = in_parentheses ? nullptr : type_comment();
  Seq<Stmt*> body;
  if (!block(&body, "'with' statement", line)) return nullptr;
  auto fill_in = [&](auto* node) -> Stmt* {
    node->items = items.seq();
    node->body = body;
    node->type_comment = comment;
    return node;
  };
  Span span = span_from(start);
  return is_async ? fill_in(make_node<AsyncWith>(arena_, span)) : fill_in(make_node<With>(arena_, span));
}

// Items without the colon.
void Parser::invalid_with() {
  int inside = pos_;
  auto items = [&](bool in_parentheses) {
    if (in_parentheses && !accept(Tok::LeftParen)) return false;
    for (int count = 0;; count++) {
      int mark = pos_;
      Expr* e = in_parentheses ? expressions() : expression();
      if (failed()) return false;
      if (!e) {
        if (!count || !in_parentheses) return false;
        pos_ = mark;
        break;
      }
      if (at(Tok::KwAs)) {
        mark = pos_++;
        Expr* target = star_target();
        if (failed()) return false;
        if (!target) pos_ = mark;
      }
      if (!at(Tok::Comma)) break;
      pos_++;
    }
    return (!in_parentheses || accept(Tok::RightParen)) && at(Tok::Newline);
  };
  for (bool in_parentheses : {false, true}) {
    pos_ = inside;
    if (items(in_parentheses)) raise("expected ':'");
    if (failed()) return;
  }
}

Stmt* Parser::try_statement() {
  int start = pos_++;
  int line = tokens_[start].line;
  if (!expect_forced(Tok::Colon, ":")) return nullptr;
  Seq<Stmt*> body, orelse, final_body;
  if (!block(&body, "'try' statement", line)) return nullptr;
  if (invalid_) {
    if (!at(Tok::KwExcept) && !at(Tok::KwFinally)) return raise("expected 'except' or 'finally' block");
    int mark = pos_;
    invalid_try_mix();
    if (failed()) return nullptr;
    pos_ = mark;
  }
  Vec<ExceptHandler*> handlers(arena_);
  bool is_star = at(Tok::KwExcept) && type_at(1) == Tok::Star;
  while (at(Tok::KwExcept)) {
    int mark = pos_;
    ExceptHandler* handler = except_block(is_star);
    if (failed()) return nullptr;
    if (!handler) {
      pos_ = mark;
      break;
    }
    handlers.push(handler);
  }
  if (!handlers.empty() && at(Tok::KwElse) && !else_block(&orelse)) return nullptr;
  if (at(Tok::KwFinally)) {
    line = peek().line;
    pos_++;
    if (!expect_forced(Tok::Colon, ":") || !block(&final_body, "'finally' statement", line)) return nullptr;
  } else if (handlers.empty()) {
    return nullptr;
  }
  auto fill_in = [&](auto* node) -> Stmt* {
    node->body = body;
    node->handlers = handlers.seq();
    node->orelse = orelse;
    node->finalbody = final_body;
    return node;
  };
  Span span = span_from(start);
  return is_star ? fill_in(make_node<TryStar>(arena_, span)) : fill_in(make_node<Try>(arena_, span));
}

ExceptHandler* Parser::except_block(bool is_star) {
  int start = pos_++;
  int line = tokens_[start].line;
  if (at(Tok::Star)) {
    if (!is_star && !invalid_) return nullptr;
    pos_++;
    if (invalid_ && (at(Tok::Newline) || at(Tok::Colon))) return raise("expected one or more exception types");
    if (!is_star) return nullptr;
  } else if (is_star) {
    return nullptr;
  }
  Expr* type_expr = nullptr;
  const Identifier* name = nullptr;
  if (is_star || !at(Tok::Colon)) {
    type_expr = expression();
    if (failed()) return nullptr;
    if (!type_expr) {
      pos_ = start + 1;
      colon_or_newline();
      return nullptr;
    }
    if (invalid_ && at(Tok::Comma)) {
      pos_++;
      Expr* more = expressions();
      if (failed()) return nullptr;
      if (more) {
        if (accept(Tok::KwAs)) accept_name();
        if (accept(Tok::Colon)) return raise_from(type_expr->span, "multiple exception types must be parenthesized");
      }
      return nullptr;
    }
    if (accept(Tok::KwAs)) {
      name = accept_name();
      if (!name) return nullptr;
    }
  }
  if (!colon_or_newline()) return nullptr;
  Seq<Stmt*> body;
  if (!block(&body, is_star ? "'except*' statement" : "'except' statement", line)) return nullptr;
  auto* node = make_node<ExceptClause>(arena_, span_from(start));
  node->type = type_expr;
  node->name = name;
  node->body = body;
  return node;
}

// 'except' and 'except*' in one statement; at the first handler.
void Parser::invalid_try_mix() {
  bool is_star = type_at(1) == Tok::Star;
  bool any = false;
  while (at(Tok::KwExcept) && (type_at(1) == Tok::Star) == is_star) {
    if (!except_block(is_star) || failed()) return;
    any = true;
  }
  if (!any || !at(Tok::KwExcept)) return;
  Span from = span_of(peek()), to = from;
  pos_++;
  if (at(Tok::Star)) {
    to = span_of(peek());
    pos_++;
  }
  int mark = pos_;
  if (expression()) {
    if (accept(Tok::KwAs)) accept_name();
  } else {
    if (!is_star) return;  // except* needs a type
    pos_ = mark;
  }
  if (!failed() && at(Tok::Colon)) raise_range(from, to, "cannot have both 'except' and 'except*' on the same 'try'");
}

}  // namespace pt::syntax
